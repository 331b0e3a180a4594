//! A real shop process, served from an image folder laid over its base as baking does.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_storefront");

pub(crate) fn images() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("images")
}

fn lay_over(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            lay_over(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) struct Shop {
    child: Child,
    pub(crate) address: String,
    client: Client<HttpConnector, Full<Bytes>>,
    _folder: tempfile::TempDir,
}

impl Shop {
    pub(crate) fn start(version: &str) -> Self {
        Self::start_with(version, |_| {})
    }

    /// `edit` may change the unpacked folder before the start.
    pub(crate) fn start_with(version: &str, edit: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        lay_over(&images().join("base"), folder.path());
        lay_over(&images().join(version), folder.path());
        edit(folder.path());
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--port", "0", "--config", "shop.toml"])
            .current_dir(folder.path())
            .env("VIRIDIAN_IMAGE", "sha256:abc")
            .env("VIRIDIAN_INSTANCE", "i-1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .rsplit_once("http://")
            .expect(&line)
            .1
            .to_owned();
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            child,
            address,
            client,
            _folder: folder,
        }
    }

    pub(crate) async fn open(
        &self,
        method: Method,
        path: &str,
        cookie: &str,
        form: &'static str,
    ) -> Response<hyper::body::Incoming> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))
            .unwrap();
        self.client.request(request).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let (status, _, body) = self.send(Method::GET, path, "", "").await;
        (status, body)
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        cookie: &str,
        form: &'static str,
    ) -> (u16, http::HeaderMap, String) {
        let (head, body) = self.open(method, path, cookie, form).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (head.status.as_u16(), head.headers, text)
    }

    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(15),
                "the shop does not end"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
