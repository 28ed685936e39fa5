//! The list of addresses. actix can look an address up but not list them; this can, so that the
//! metrics, the OpenAPI document and a test know the very list that is served.

mod branch;

pub(crate) use branch::last_piece;

use crate::problem::{Kind, Problem};
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route};
use branch::Branch;

/// Every address with the methods that it takes, in the order of the documentation.
#[derive(Default)]
pub struct Endpoints {
    rows: Vec<Row>,
}

struct Row {
    path: &'static str,
    /// What the Allow header says.
    methods: Vec<&'static str>,
    /// With the methods that each takes.
    routes: Vec<(&'static [&'static str], Route)>,
}

impl Endpoints {
    /// Adds an address that is read. HEAD comes with GET, as HTTP has it.
    pub fn get<F, Args>(&mut self, path: &'static str, handler: F) -> &mut Endpoints
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add(path, &["GET", "HEAD"], handler)
    }

    /// Adds an address that is posted to.
    pub fn post<F, Args>(&mut self, path: &'static str, handler: F) -> &mut Endpoints
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add(path, &["POST"], handler)
    }

    /// Adds an address that is changed in part.
    pub fn patch<F, Args>(&mut self, path: &'static str, handler: F) -> &mut Endpoints
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add(path, &["PATCH"], handler)
    }

    /// Adds an address that is removed.
    pub fn delete<F, Args>(&mut self, path: &'static str, handler: F) -> &mut Endpoints
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add(path, &["DELETE"], handler)
    }

    fn add<F, Args>(
        &mut self,
        path: &'static str,
        methods: &'static [&'static str],
        handler: F,
    ) -> &mut Endpoints
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let route = (methods, web::route().to(handler));
        match self.rows.iter_mut().find(|row| row.path == path) {
            Some(row) => {
                row.methods.extend(methods);
                row.routes.push(route);
            }
            None => self.rows.push(Row { path, methods: methods.to_vec(), routes: vec![route] }),
        }
        self
    }

    /// Every path, once.
    pub fn paths(&self) -> Vec<&'static str> {
        self.rows.iter().map(|row| row.path).collect()
    }

    /// Every method of every path, without the HEAD that comes with GET.
    pub fn list(&self) -> Vec<(&'static str, &'static str)> {
        let of = |row: &Row| {
            let path = row.path;
            let methods = row.methods.iter().filter(|method| **method != "HEAD");
            methods.map(|method| (*method, path)).collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(of).collect()
    }

    /// Serves them, and refuses every other address and method.
    pub fn register(self, services: &mut ServiceConfig) {
        for Row { path, methods, routes } in self.rows {
            let allowed = methods.join(", ");
            let otherwise = web::to(move || refuse_method(allowed.clone()));
            services.service(Branch { path, routes, otherwise });
        }
        services.default_service(web::to(refuse_path));
    }
}

async fn refuse_method(allowed: String) -> Result<HttpResponse, Problem> {
    let detail = format!("this address takes {allowed}");
    let problem = Problem::new(Kind::METHOD_NOT_ALLOWED, detail);
    Err(match HeaderValue::try_from(allowed) {
        Ok(allowed) => problem.with_header(header::ALLOW, allowed),
        // The names of methods are always good header values.
        Err(_) => problem,
    })
}

async fn refuse_path() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Kind::NOT_FOUND, "see /openapi.json for the addresses that there are"))
}
