//! Dialogs on screens that cannot show them: what nobody can have read takes no answer.

use super::world::{Flight, settings};
use crate::core::{
    event::{Event, Size},
    layout,
};

#[test]
fn what_nobody_can_have_read_is_not_sent() {
    for (columns, rows) in [(1, 1), (20, 5), (39, 24), (80, 4)] {
        let mut flight = Flight::open(settings());
        flight.armed().tell(Event::Resized(Size { columns, rows })).key("R").settled().key("y");
        assert!(flight.sent().is_empty(), "{columns}×{rows}");
        assert_eq!(flight.notice(), layout::TOO_SMALL, "{columns}×{rows}");
        // Made larger, it has to stand there for a moment first.
        flight.tell(Event::Resized(Size { columns: 80, rows: 24 })).wait(200).key("y");
        assert!(flight.sent().is_empty() && flight.notice().starts_with("too soon"), "{}", flight.notice());
        flight.settled().key("y");
        assert_eq!(flight.sent().len(), 1, "{columns}×{rows}");
    }
}
