//! One address inside actix's router. Apart from actix's own `Resource`, which looks for every `{…}` with a
//! regular expression and hands each request through two more boxes: an address that only ends in one is
//! found by how it begins and how many pieces it has.

use actix_web::body::BoxBody;
use actix_web::dev::{
    AppService, HttpServiceFactory, ResourceDef, Service, ServiceFactory, ServiceRequest,
    ServiceResponse, always_ready,
};
use actix_web::guard::{Guard, fn_guard};
use actix_web::{Error, HttpRequest, Route};
use futures_util::future::{LocalBoxFuture, try_join_all};

/// An address with its routes.
pub(super) struct Branch {
    pub path: &'static str,
    /// With the methods that each takes.
    pub routes: Vec<(&'static [&'static str], Route)>,
    /// Takes all others.
    pub otherwise: Route,
}

/// What stands before the only variable piece of an address, if that is its last one.
fn trunk(path: &'static str) -> Option<&'static str> {
    let (trunk, piece) = path.rsplit_once('/')?;
    (piece.starts_with('{') && !trunk.contains('{')).then_some(trunk)
}

/// The last piece of a request's path, however its address was found.
pub(crate) fn last_piece<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    let path = request.match_info();
    path.get(name).or_else(|| path.unprocessed().strip_prefix('/'))
}

impl HttpServiceFactory for Branch {
    fn register(self, config: &mut AppService) {
        let Some(trunk) = trunk(self.path) else {
            return config.register_service(ResourceDef::new(self.path), None, self, None);
        };
        let pieces = self.path.matches('/').count();
        // An encoded slash stays encoded, so the path as sent has as many pieces as the one that is matched.
        let one_piece_more = fn_guard(move |context| {
            let path = context.head().uri.path();
            !path.ends_with('/') && path.bytes().filter(|byte| *byte == b'/').count() == pieces
        });
        let guards: Vec<Box<dyn Guard>> = vec![Box::new(one_piece_more)];
        config.register_service(ResourceDef::prefix(trunk), Some(guards), self, None);
    }
}

impl ServiceFactory<ServiceRequest> for Branch {
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Config = ();
    type Service = BranchService;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Self::Service, ()>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let methods: Vec<_> = self.routes.iter().map(|(methods, _)| *methods).collect();
        let routes: Vec<_> = self.routes.iter().map(|(_, route)| route.new_service(())).collect();
        let otherwise = self.otherwise.new_service(());
        Box::pin(async move {
            let routes = methods.into_iter().zip(try_join_all(routes).await?).collect();
            Ok(BranchService { routes, otherwise: otherwise.await? })
        })
    }
}

/// The same, ready for requests.
pub(super) struct BranchService {
    routes: Vec<(&'static [&'static str], RouteService)>,
    otherwise: RouteService,
}

type RouteService = <Route as ServiceFactory<ServiceRequest>>::Service;

impl Service<ServiceRequest> for BranchService {
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    always_ready!();

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let method = request.method().as_str();
        let taken = self.routes.iter().find(|(methods, _)| methods.contains(&method));
        taken.map_or(&self.otherwise, |(_, route)| route).call(request)
    }
}
