//! Where the database is, and connections to it. Over its Unix socket, which is faster than loopback.

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use std::error::Error;
use tokio_postgres::{Client, Config, NoTls};

#[derive(Clone)]
pub struct Database {
    /// The directory of its Unix socket.
    pub socket: String,
}

impl Database {
    /// A pool of at most so many. A connection that comes back is not asked whether it still lives: the
    /// next statement will tell.
    pub fn pool(&self, connections: usize) -> Pool {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(self.config(), NoTls, recycling);
        let built = Pool::builder(manager).max_size(connections).build();
        built.unwrap_or_else(|error| panic!("a pool without timeouts is always built: {error}"))
    }

    /// One connection of one's own.
    pub async fn connect(&self) -> Result<Client, Box<dyn Error>> {
        let (client, connection) = self.config().connect(NoTls).await?;
        actix_web::rt::spawn(connection);
        // The tables grow from nothing to millions of rows, faster than their statistics.
        client.batch_execute("SET enable_seqscan = off; SET enable_hashjoin = off").await?;
        client.batch_execute("SET enable_mergejoin = off").await?;
        Ok(client)
    }

    /// Makes the tables, if this is the first start.
    pub async fn make_schema(&self) -> Result<(), Box<dyn Error>> {
        let client = self.connect().await?;
        let known = client.query_one("SELECT to_regclass('payouts') IS NOT NULL", &[]).await?;
        if !known.get::<_, bool>(0) {
            client.batch_execute(include_str!("schema.sql")).await?;
        }
        Ok(())
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        config.host_path(&self.socket).user("bursar").dbname("postgres");
        config
    }
}
