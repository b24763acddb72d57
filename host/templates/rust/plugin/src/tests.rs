use super::*;
use backplane_sdk::test::{Bench, Running};
use plugin_name_api::{GreeterClient, greeter_events::Greeted};

async fn plugin(word: &str) -> Running<Plugin> {
    let word = word.to_owned();
    Bench::new().start(Config { word }).await.unwrap()
}

#[tokio::test]
async fn who_has_a_name_is_greeted_counted_and_announced() {
    let plugin = plugin("Welcome").await;
    let greeter: GreeterClient = plugin.client();
    let answer = greeter.greet(&"Ada".to_owned()).await;
    assert_eq!(answer.as_deref(), Ok("Welcome, Ada!"));
    assert_eq!(greeter.count().await, Ok(1));
    let event = plugin.events::<Greeted>().next().await.unwrap();
    assert_eq!(event.body, "Ada");
}

#[tokio::test]
async fn nobody_is_not_greeted() {
    let plugin = plugin("Hello").await;
    let greeter: GreeterClient = plugin.client();
    let answer = greeter.greet(&String::new()).await;
    assert_eq!(answer, Err(CallError::Interface(Nobody {})));
    assert_eq!(greeter.count().await, Ok(0));
}

#[tokio::test]
async fn the_next_version_goes_on_counting() {
    let (old, new) = (plugin("Hello").await, plugin("Hi").await);
    let greeter: GreeterClient = old.client();
    greeter.greet(&"Ada".to_owned()).await.unwrap();
    new.import(1, &old.export().await.unwrap()).await.unwrap();
    assert_eq!(new.client::<GreeterClient>().count().await, Ok(1));
}
