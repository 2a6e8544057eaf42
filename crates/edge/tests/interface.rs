//! What an interface does with a request before its use case runs, by what the use case declares and not by its path.

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::{Request, Response};
    use http_body_util::BodyExt;
    use mainstay_domain::access::{Access, Caller};
    use mainstay_domain::error::Code;
    use mainstay_domain::random::Counting;
    use mainstay_domain::user::User;
    use mainstay_domain::{Error, Result};
    use mainstay_edge::answer::{self, Answer};
    use mainstay_edge::entry::{self, Credential, CredentialUse, Entry};
    use mainstay_edge::{EdgeOptions, Middleware, MiddlewareParts, Operation, OutgoingBody, Routes, route};
    use mainstay_engine::{
        Command, CommandContext, IdempotencyKey, Origin, Repositories, RequestContext, UseCase,
    };
    use mainstay_platform::config::LogLevel;
    use mainstay_platform::stopwatch::Stopwatch;
    use mainstay_platform::telemetry::LogSink;
    use mainstay_platform::telemetry::logs::Logs;
    use mainstay_testkit::{TestApp, on_both_engines};
    use serde::{Deserialize, Serialize};
    use std::sync::Arc;
    use std::time::Duration;
    use tower::ServiceExt;

    on_both_engines! {
        an_answer_with_secrets_is_neither_compressed_nor_stored_on_any_path;
        signing_in_ignores_other_credentials_on_any_path;
        a_use_case_knows_the_deadline_of_its_request;
        nothing_is_written_once_the_client_has_stopped_waiting;
        an_interface_without_http_enters_in_the_same_way with RATE_LIMITS = "on";
    }

    /// What a run returns: a random number, which a replay repeats, and enough text to be compressed.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Run {
        number: u64,
        text: String,
        seconds: Option<u64>,
    }

    /// Declares a command that changes nothing, with the constants of a test, and its handler.
    macro_rules! command {
        ($command:ident, $handler:ident, $name:literal, $path:literal, { $($constants:tt)* }) => {
            #[derive(Clone)]
            struct $command;

            impl UseCase for $command {
                const NAME: &'static str = $name;
                $($constants)*
                type Output = Run;
            }

            impl Command for $command {
                async fn run(self, cx: &mut CommandContext<'_>) -> Result<Run> {
                    let deadline = cx.context().deadline;
                    Ok(Run {
                        number: u64::from_be_bytes(mainstay_domain::random::bytes(cx.random())),
                        text: "secret ".repeat(400),
                        seconds: deadline.map(|deadline| deadline.limit().as_secs()),
                    })
                }
            }

            #[utoipa::path(post, path = $path, responses((status = 200, description = "It ran")))]
            async fn $handler(operation: Operation<$command>) -> Answer {
                answer::data(&operation.command($command).await?)
            }
        };
    }

    command!(OpenVault, vault, "test.vault", "/api/vault", {
        const ACCESS: Access = Access::signed_in();
        const SECRET_ANSWER: bool = true;
    });
    command!(WriteNote, note, "test.note", "/api/auth/note", {
        const ACCESS: Access = Access::signed_in();
    });
    command!(EnterByCode, enter, "test.enter", "/api/enter", {
        const ACCESS: Access = Access::anyone();
        const SIGNS_IN: bool = true;
    });
    command!(Greet, greet, "test.greet", "/api/auth/greet", {
        const ACCESS: Access = Access::anyone();
    });

    /// The routes of the commands, in the middleware of a server that answers within 30 seconds.
    fn middleware(app: &TestApp) -> Middleware {
        let routes = Routes::new()
            .add(route!(OpenVault, vault))
            .add(route!(WriteNote, note))
            .add(route!(EnterByCode, enter))
            .add(route!(Greet, greet));
        let options = EdgeOptions::default();
        let engine = app.engine().clone();
        let parts = MiddlewareParts {
            clock: app.clock.clone(),
            random: Arc::new(Counting::default()),
            metrics: Arc::clone(&engine.node().metrics),
            log: Logs::into_sink(LogSink::memory(), LogLevel::Info, app.clock.clone()).access_log(),
            options: options.clone(),
        };
        let openapi = routes.openapi("Test", "0");
        Middleware::new(parts, routes.router(engine, options, &openapi))
    }

    async fn post(
        app: &TestApp,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
    ) -> Response<OutgoingBody> {
        let mut request = Request::post(path).header("host", "127.0.0.1:3000");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        middleware(app).oneshot(request).await.unwrap()
    }

    async fn ran(response: Response<OutgoingBody>) -> Run {
        assert_eq!(response.status(), 200);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        serde_json::from_value(body["data"].clone()).unwrap()
    }

    async fn an_answer_with_secrets_is_neither_compressed_nor_stored_on_any_path(app: &TestApp) {
        let ann = app.customer("ann").await;
        let compressed = [("accept-encoding", "gzip")];
        let keyed = [("idempotency-key", "k-1")];
        let encoding =
            |response: &Response<OutgoingBody>| response.headers().contains_key("content-encoding");
        let secret = post(app, "/api/vault", &ann.access, &compressed).await;
        assert!(!encoding(&secret), "the length of a compressed secret leaks it");
        let plain = post(app, "/api/auth/note", &ann.access, &compressed).await;
        assert!(encoding(&plain), "the path decides nothing");
        let first = ran(post(app, "/api/vault", &ann.access, &keyed).await).await;
        let again = post(app, "/api/vault", &ann.access, &keyed).await;
        assert!(!again.headers().contains_key("idempotency-replayed"));
        assert_ne!(first, ran(again).await, "it runs again");
        let first = ran(post(app, "/api/auth/note", &ann.access, &keyed).await).await;
        let again = post(app, "/api/auth/note", &ann.access, &keyed).await;
        assert_eq!(again.headers()["idempotency-replayed"], "true");
        assert_eq!(first, ran(again).await);
        let stored = "SELECT operation FROM idempotency_keys";
        assert_eq!(app.query_raw(stored).await, [[Some("test.note".to_owned())]]);
    }

    async fn signing_in_ignores_other_credentials_on_any_path(app: &TestApp) {
        for token in ["", "expired"] {
            assert_eq!(post(app, "/api/enter", token, &[]).await.status(), 200, "{token}");
        }
        assert_eq!(post(app, "/api/auth/greet", "", &[]).await.status(), 200);
        assert_eq!(post(app, "/api/auth/greet", "expired", &[]).await.status(), 401);
    }

    async fn a_use_case_knows_the_deadline_of_its_request(app: &TestApp) {
        let ran = ran(post(app, "/api/enter", "", &[]).await).await;
        assert_eq!(ran.seconds, Some(30), "the request timeout of the server");
    }

    /// A request as an interface of another protocol would present it.
    fn entry(credential: Credential<'_>) -> Entry<'_> {
        Entry {
            credential,
            origin: Origin::new(Some("192.0.2.1".parse().unwrap()), Some(&"x".repeat(1000))),
            request_id: "r-1".into(),
            is_foreign: false,
            deadline: entry::deadline(
                Stopwatch::start(),
                Some(Duration::from_secs(5)),
                Duration::from_secs(30),
            ),
            idempotency: Some(IdempotencyKey::new("k-1".into(), &[b"test.note"])),
            notes: Arc::default(),
        }
    }

    /// A command whose client stops waiting while it runs.
    #[derive(Clone)]
    struct Linger;

    impl UseCase for Linger {
        const NAME: &'static str = "test.linger";
        const ACCESS: Access = Access::signed_in();
        type Output = ();
    }

    impl Command for Linger {
        async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
            let deadline = cx.context().deadline.unwrap();
            while !deadline.has_passed() {
                std::hint::spin_loop();
            }
            let (id, scope) = (cx.user()?, cx.scope::<User>());
            let _ignored = cx.users().find(&scope, id).await;
            Ok(())
        }
    }

    async fn nothing_is_written_once_the_client_has_stopped_waiting(app: &TestApp) {
        let (ann, engine) = (app.customer("ann").await, app.engine());
        let mut cx = entry(Credential::Explicit(&ann.access))
            .authenticate(engine, CredentialUse::Required, WriteNote::NAME)
            .await
            .unwrap();
        let set = |cx: &mut RequestContext, limit| {
            cx.deadline = Some(entry::deadline(Stopwatch::start(), None, limit));
        };
        let statements = cx.notes.statements();
        set(&mut cx, Duration::ZERO);
        let late = engine.pipeline().command(&cx, WriteNote).await;
        assert_eq!(late.unwrap_err().code(), Code::Timeout);
        assert_eq!(cx.notes.statements(), statements, "not even a transaction began");
        // A fraction of a second, so that it passes while the command runs.
        set(&mut cx, Duration::from_millis(300));
        let late = engine.pipeline().command(&cx, Linger).await;
        assert_eq!(late.unwrap_err().code(), Code::Timeout);
        let stored = "SELECT operation FROM idempotency_keys";
        assert!(app.query_raw(stored).await.is_empty());
        // A request of a client that waits is served, whatever the clock of the server says.
        set(&mut cx, Duration::from_secs(30));
        app.advance(Duration::from_mins(1));
        let done = engine.pipeline().command(&cx, WriteNote).await.unwrap();
        assert!(!done.replayed);
        assert_eq!(app.query_raw(stored).await, [[Some("test.note".to_owned())]]);
    }

    async fn an_interface_without_http_enters_in_the_same_way(app: &TestApp) {
        let (ann, engine) = (app.customer("ann").await, app.engine());
        let required = CredentialUse::of::<WriteNote>();
        let arrived = entry(Credential::Explicit(&ann.access));
        let mut cx = arrived
            .authenticate(engine, required, WriteNote::NAME)
            .await
            .unwrap();
        entry::admit::<WriteNote>(engine, &mut cx).unwrap();
        assert!(matches!(&cx.caller, Caller::User(principal) if principal.id.to_string() == ann.id));
        assert_eq!(cx.origin.user_agent.as_ref().map(|name| name.len()), Some(256));
        let first = engine.pipeline().command(&cx, WriteNote).await.unwrap();
        let again = engine.pipeline().command(&cx, WriteNote).await.unwrap();
        assert_eq!((first.replayed, again.replayed), (false, true));
        assert_eq!(
            (first.output.seconds, first.output == again.output),
            (Some(5), true)
        );
        assert_eq!(
            cx.notes.limit().unwrap().remaining,
            599,
            "counted once, on arrival"
        );

        let code = |result: Result<_>| result.map_err(|error: Error| error.code()).err();
        let arrived = entry(Credential::None);
        let mut cx = arrived
            .authenticate(engine, required, WriteNote::NAME)
            .await
            .unwrap();
        assert_eq!(
            code(entry::admit::<WriteNote>(engine, &mut cx)),
            Some(Code::Unauthorized)
        );
        for bad in [
            Credential::Explicit("x"),
            Credential::Ambient("x"),
            Credential::Unreadable,
        ] {
            let refused = entry(bad).authenticate(engine, required, WriteNote::NAME).await;
            assert_eq!(code(refused.map(drop)), Some(Code::TokenInvalid), "{bad:?}");
        }
        let optional = CredentialUse::of::<Greet>();
        let ambient = entry(Credential::Ambient("x"));
        assert!(ambient.authenticate(engine, optional, Greet::NAME).await.is_ok());
        let foreign = Entry {
            is_foreign: true,
            ..entry(Credential::Ambient(&ann.access))
        };
        let refused = foreign.authenticate(engine, required, WriteNote::NAME).await;
        assert_eq!(code(refused.map(drop)), Some(Code::CsrfFailed));
    }
}
