//! The users of a test.

use crate::answer::Answer;
use crate::app::TestApp;
use crate::client::Client;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::email::Email;
use mainstay_domain::name::PersonName;
use mainstay_engine::RequestContext;
use mainstay_services::account::Password;
use mainstay_services::setup::CreateAdmin;
use serde_json::{Value, json};
use std::ops::Deref;

/// A signed-in user. Derefs to a [`Client`] with the user's access token.
#[derive(Clone)]
pub struct TestUser {
    /// The account's id.
    pub id: String,
    /// The account's e-mail address.
    pub email: String,
    /// The account's password.
    pub password: String,
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    client: Client,
}

impl Deref for TestUser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl TestUser {
    /// Steps up the session with the password, which is enough while the account has no second factor.
    ///
    /// # Panics
    /// When the app rejects it.
    pub async fn step_up(&self) {
        let proof = json!({"password": self.password});
        self.post("/api/auth/step-up", proof).await.expect(204);
    }

    /// The signed-in user of an answer that contains the tokens.
    ///
    /// # Panics
    /// When it contains none.
    #[track_caller]
    pub fn of(answer: &Answer, client: &Client, password: &str) -> Self {
        let data = answer.data();
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("no tokens: {answer:?}"))
                .to_owned()
        };
        let access = text(&data["accessToken"]);
        Self {
            id: text(&data["user"]["id"]),
            email: text(&data["user"]["email"]),
            password: password.to_owned(),
            refresh: text(&data["refreshToken"]),
            client: client.bearer(&access),
            access,
        }
    }

    /// Exchanges the refresh token for the next pair of tokens.
    ///
    /// # Panics
    /// When the app rejects it.
    pub async fn refreshed(&self) -> Self {
        let client = self.client.anonymous();
        let answer = client
            .post("/api/auth/refresh", json!({"refreshToken": self.refresh}))
            .await;
        Self::of(&answer.expect(200), &client, &self.password)
    }

    /// The same user, with a header added to every request.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        Self {
            client: self.client.header(name, value),
            ..self.clone()
        }
    }
}

/// The password of a test user, derived from the name.
fn password(name: &str) -> String {
    format!("{name} likes long walks")
}

impl TestApp {
    /// Signs a user in.
    ///
    /// # Panics
    /// When the app rejects it.
    pub async fn sign_in(&self, email: &str, password: &str) -> TestUser {
        let answer = self
            .client()
            .post("/api/auth/login", json!({"email": email, "password": password}))
            .await;
        TestUser::of(&answer.expect(200), &self.client(), password)
    }

    /// The administrator, signed in again on each call.
    pub async fn admin(&self) -> TestUser {
        let (email, password) = ("root@example.com", password("root"));
        let create = CreateAdmin::new(
            Email::parse(email).expect("an address"),
            Password::new(password.clone()),
            PersonName::parse("Root").expect("a name"),
        );
        match self
            .engine()
            .pipeline()
            .command(&RequestContext::system(SystemCaller::SETUP), create)
            .await
        {
            Ok(_) | Err(mainstay_domain::Error::Conflict(_)) => self.sign_in(email, &password).await,
            Err(error) => panic!("no administrator: {error:?}"),
        }
    }

    /// A customer `NAME@example.com`: registered on the first call, signed in again on later ones.
    pub async fn customer(&self, name: &str) -> TestUser {
        let (email, password) = (format!("{name}@example.com"), password(name));
        let body = json!({"email": email, "password": password, "name": name});
        let answer = self.client().post("/api/auth/register", body).await;
        if answer.status == 409 {
            return self.sign_in(&email, &password).await;
        }
        let user = TestUser::of(&answer.expect(201), &self.client(), &password);
        self.drop_waiting_mails("verify-email").await;
        user
    }

    /// Removes the waiting mails of a kind: a test that needs one does itself what causes it.
    pub(crate) async fn drop_waiting_mails(&self, kind: &str) {
        let waiting = format!("kind = 'mail.account' AND state = 'queued' AND payload LIKE '%\"{kind}\"%'");
        self.execute_raw(&format!("DELETE FROM jobs WHERE {waiting}"))
            .await;
    }

    /// A user with another role than customer, signed in after the role was set.
    pub async fn member(&self, name: &str, role: &str) -> TestUser {
        let person = self.customer(name).await;
        let admin = self.admin().await;
        admin
            .put(&format!("/api/users/{}/role", person.id), json!({"role": role}))
            .await
            .expect(200);
        self.sign_in(&person.email, &person.password).await
    }
}
