//! A million deployments, and how long each page takes then. By hand, since figures of a debug build
//! say little:
//!
//! `VIRIDIAN_BENCH_BIN=…/release/viridian cargo test -p server --test it million -- --ignored --nocapture`

use crate::harness::{Given, Server, start};
use std::process::Command;
use std::time::Instant;

const ROLLOUTS: u32 = 1_000_000;
const ASKED: usize = 200;

/// Copies the two rollouts that were carried out, a success and a rollback, until there are a million,
/// one each 95 s: three years. The newest rollbacks bring their events along.
const FILL: &str = r#"
import sqlite3, sys
path, n = sys.argv[1], int(sys.argv[2])
c = sqlite3.connect(path, isolation_level=None)
c.execute('pragma synchronous=off')
c.execute('begin')
names = lambda table: [row[1] for row in c.execute(f'pragma table_info({table})')]
columns = names('rollout')
now = c.execute('select max(created_at) from rollout').fetchone()[0]
begin = f'{now} - ({n} + 10 - n.k) * 95000'
moved = {'id': 'n.k', 'created_at': begin, 'admitted_at': f'{begin} + 100',
         'ended_at': f'{begin} + 60000', 'updated_at': f'{begin} + 60000'}
values = ', '.join(moved.get(name, 'r.' + name) for name in columns)
c.execute(f'''with recursive n(k) as (select 3 union all select k + 1 from n where k < {n})
  insert into rollout ({', '.join(columns)}) select {values}
  from n join rollout r on r.id = case when n.k % 20 = 0 then 2 else 1 end''')
columns = names('journal')
seq = c.execute('select seq from chain').fetchone()[0]
back = c.execute(f"select {', '.join(columns)} from journal where rollout = 2 order by rollout_seq").fetchall()
def copies():
    global seq
    for k in range(n - 40000, n + 1, 20):
        for row in back:
            seq += 1
            yield (seq, k, *row[2:])
assert columns[:2] == ['seq', 'rollout']
c.executemany(f"insert into journal values ({', '.join('?' * len(columns))})", copies())
c.execute('update chain set seq = ?, next_rollout = ?', (seq, n + 1))
c.execute('commit')
"#;

#[test]
#[ignore = "fills a store with a million rollouts, and measures"]
fn pages_over_a_million_deployments() {
    let given = Given {
        program: std::env::var_os("VIRIDIAN_BENCH_BIN").map(Into::into),
        ..Given::default()
    };
    let mut server = Server::start_with(tempfile::tempdir().unwrap(), given);
    server.apply("[environment.blue_green]\nretain_ms = 60000\n");
    server.first();
    server.bake("2", "two");
    server.ok(&start("2", "blue-green", &[]));
    server.until_state(2, "soaking");
    server.ok(&["rollout", "rollback", "2"]);
    server.until_state(2, "rolled_back");
    server.stop();
    let filled = Command::new("python3")
        .args(["-c", FILL])
        .arg(server.data().join("viridian.db"))
        .arg(ROLLOUTS.to_string())
        .output()
        .unwrap();
    assert!(filled.status.success(), "{filled:?}");
    server.serve();

    let bearer = format!("Bearer {}", server.token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("accept", "text/html, application/json"),
    ];
    println!("{:44} {:>9} {:>9} {:>9}", "ms", "first", "p50", "p99");
    for path in [
        "/",
        "/history",
        "/history?app=site&env=prod",
        "/history?app=site&state=failed",
        "/history?app=site&env=prod&state=failed,cancelled",
        "/applications",
        "/applications/site",
        "/images",
        "/rollouts/1000000",
        "/api/v1/rollouts?state=succeeded,rolled_back",
        "/metrics",
    ] {
        let mut took: Vec<f64> = Vec::new();
        for _ in 0..ASKED {
            let asked = Instant::now();
            let answer = server.send("GET", path, &headers, b"");
            took.push(asked.elapsed().as_secs_f64() * 1e3);
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        }
        let first = took[0];
        took.sort_unstable_by(f64::total_cmp);
        let (p50, p99) = (took[ASKED / 2], took[ASKED * 99 / 100]);
        println!("{path:44} {first:9.1} {p50:9.1} {p99:9.1}");
    }
    let newest = &server.get("/api/v1/rollouts?limit=1")["items"][0]["id"];
    assert_eq!(newest, ROLLOUTS);
    let dora = &server.get("/api/v1/history")["dora"];
    assert_eq!(dora["failure_rate"], 0.05, "{dora}");
}
