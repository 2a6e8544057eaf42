//! The people of a story.

use crate::answer::Answer;
use crate::app::TestApp;
use crate::client::Client;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::email::Email;
use mainstay_domain::name::PersonName;
use mainstay_services::Context;
use mainstay_services::account::Password;
use mainstay_services::setup::CreateAdmin;
use serde_json::{Value, json};
use std::ops::Deref;

/// Somebody who signed in. Is a [`Client`] with their access token.
#[derive(Clone)]
pub struct Person {
    /// Their account.
    pub id: String,
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Their access token.
    pub access: String,
    /// Their refresh token.
    pub refresh: String,
    client: Client,
}

impl Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Person {
    /// Whoever signed in, by the answer that brought the tokens.
    ///
    /// # Panics
    /// When it brought none.
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

    /// The next pair of tokens.
    ///
    /// # Panics
    /// When the app refuses.
    pub async fn refreshed(&self) -> Self {
        let client = self.client.nobody();
        let answer = client
            .post("/api/auth/refresh", json!({"refreshToken": self.refresh}))
            .await;
        Self::of(&answer.expect(200), &client, &self.password)
    }

    /// Adds a header to everything this person asks.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        Self {
            client: self.client.header(name, value),
            ..self.clone()
        }
    }
}

/// Nobody guesses it, everybody in a story knows it.
fn password(name: &str) -> String {
    format!("{name} likes long walks")
}

impl TestApp {
    /// Signs somebody in.
    ///
    /// # Panics
    /// When the app refuses.
    pub async fn sign_in(&self, email: &str, password: &str) -> Person {
        let answer = self
            .client()
            .post("/api/auth/login", json!({"email": email, "password": password}))
            .await;
        Person::of(&answer.expect(200), &self.client(), password)
    }

    /// The administrator, signed in anew each time.
    pub async fn admin(&self) -> Person {
        let (email, password) = ("root@example.com", password("root"));
        let create = CreateAdmin::new(
            Email::parse(email).expect("an address"),
            Password::new(password.clone()),
            PersonName::parse("Root").expect("a name"),
        );
        match self
            .services()
            .command(&Context::system(SystemCaller::SETUP), create)
            .await
        {
            Ok(_) | Err(mainstay_domain::Error::Conflict(_)) => self.sign_in(email, &password).await,
            Err(error) => panic!("no administrator: {error:?}"),
        }
    }

    /// A customer called `NAME@example.com`: registered the first time, signed in anew after that.
    pub async fn customer(&self, name: &str) -> Person {
        let (email, password) = (format!("{name}@example.com"), password(name));
        let body = json!({"email": email, "password": password, "name": name});
        let answer = self.client().post("/api/auth/register", body).await;
        if answer.status == 409 {
            return self.sign_in(&email, &password).await;
        }
        Person::of(&answer.expect(201), &self.client(), &password)
    }

    /// Somebody with another role than the customer's; signed in after it was given.
    pub async fn member(&self, name: &str, role: &str) -> Person {
        let person = self.customer(name).await;
        let admin = self.admin().await;
        admin
            .put(&format!("/api/users/{}/role", person.id), json!({"role": role}))
            .await
            .expect(200);
        self.sign_in(&person.email, &person.password).await
    }
}
