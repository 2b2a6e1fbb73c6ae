//! What a key in a dialog is answered stands in that dialog, and goes with it.

use super::world::{Flight, settings};

fn in_dialog(flight: &Flight) -> Option<&str> {
    flight.state.notice.as_ref().filter(|notice| notice.in_dialog).map(|notice| notice.text.as_str())
}

#[test]
fn a_key_that_came_too_soon_is_answered_in_the_dialog() {
    let mut flight = Flight::open(settings());
    flight.armed().key("R").painted().wait(100).key("y");
    assert_eq!(in_dialog(&flight), Some("too soon to be meant: nothing was sent; press it again"));
    flight.settled().key("y");
    assert_eq!((in_dialog(&flight), flight.sent().len()), (None, 1), "it went with the dialog");
}

#[test]
fn what_is_missing_is_said_in_the_dialog() {
    let mut flight = Flight::open(settings());
    flight.armed().key("p").settled().key("enter");
    assert!(in_dialog(&flight).is_some_and(|text| text.starts_with("type `")), "{}", flight.notice());
    flight.key("esc");
    assert_eq!(in_dialog(&flight), None);
    assert!(flight.notice().starts_with("left promote"), "what is said of a closed dialog stands at the foot");
}
