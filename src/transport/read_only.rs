//! A way to the tenant that cannot change anything.
//!
//! Owns the refusal of everything but reads. Plans and dry runs are made through it, and hold no other
//! transport. Must never let a request through because of what is in it.

use super::Transport;
use crate::model::wire::{Fault, Method, Reply, Request};

/// Wraps a transport and lets only GET requests through.
#[derive(Debug)]
pub struct ReadOnly<T> {
    inner: T,
}

impl<T> ReadOnly<T> {
    /// Takes the transport in; nothing else can reach it afterwards.
    #[must_use]
    pub fn new(inner: T) -> Self {
        Self { inner }
    }
}

impl<T: Transport> Transport for ReadOnly<T> {
    async fn send(&self, request: Request) -> Result<Reply, Fault> {
        if request.method != Method::Get {
            let reason = "this connection to the tenant is read-only".to_owned();
            return Err(Fault::NotSent { reason, lasting: true });
        }
        self.inner.send(request).await
    }

    fn forget_connections(&self) {
        self.inner.forget_connections();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Repeat;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Counting(AtomicU32);

    impl Transport for Counting {
        async fn send(&self, _request: Request) -> Result<Reply, Fault> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(Reply::default())
        }
    }

    #[tokio::test]
    async fn nothing_that_changes_something_gets_through() {
        let read_only = ReadOnly::new(Counting(AtomicU32::new(0)));
        for (method, passes) in
            [(Method::Get, 1), (Method::Post, 1), (Method::Patch, 1), (Method::Delete, 1)]
        {
            let request = Request {
                method,
                path_and_query: "/api/v1/devices".to_owned(),
                body: None,
                repeat: Repeat::Safe,
                body_bytes_max: 1,
            };
            let result = read_only.send(request).await;
            assert_eq!(result.is_ok(), method == Method::Get);
            assert_eq!(read_only.inner.0.load(Ordering::Relaxed), passes);
        }
    }
}
