use std::net::SocketAddr; use std::sync::Arc; use std::time::Duration;
use crate::{BindError, Figures, Options, Table};
pub struct Gateway { addr: SocketAddr }
impl Gateway {
  pub async fn bind(addr: SocketAddr, _options: Options) -> Result<Gateway, BindError> { let l = tokio::net::TcpListener::bind(addr).await.map_err(|e| BindError::new(addr, e))?; Ok(Self{addr: l.local_addr().map_err(|e| BindError::new(addr, e))?}) }
  pub fn local_addr(&self) -> SocketAddr { self.addr }
  pub fn set_table(&self, _table: Table) {}
  pub fn table(&self) -> Arc<Table> { Arc::default() }
  pub fn figures(&self) -> Figures { Figures::default() }
  pub async fn shutdown(self, _grace: Duration) {}
}
