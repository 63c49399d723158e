//! Asking the server to stop what a connection is running.

use std::time::SystemTime;

use tokio_postgres::Client;

use crate::{Config, Error};

impl Config {
    /// Asks the server to stop the statement that runs on a connection made with this configuration.
    ///
    /// The request goes over a connection of its own, with TLS like every other. Nobody answers whether it came in time: the
    /// statement fails with SQLSTATE 57014, or has ended before.
    ///
    /// # Errors
    /// When the request could not be delivered.
    pub async fn cancel(&self, client: &Client) -> Result<(), Error> {
        let target = self.target()?;
        let tls = self.tls.connector()?;
        let token = client.cancel_token();
        let address = format!("{}:{}", target.host, self.port);
        tokio::time::timeout(self.connect_timeout, token.cancel_query(tls))
            .await
            .map_err(|_| Error::connect_timeout(&address, self.connect_timeout))?
            .map_err(|source| Error::connect(&address, target.local, source, SystemTime::now()))
    }
}
