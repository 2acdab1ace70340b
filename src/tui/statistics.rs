//! Statistics of what the filter lets through.

use super::keys::Action;
use super::list::List;
use super::model::Model;
use super::msg::Effect;

/// What of the statistics is shown.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    pub(crate) list: List,
}

/// Does what a key says in this view.
pub(crate) fn act(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    if let Action::Go(way) = action {
        let len = super::view::statistics::lines(model).len();
        model.statistics.list.go(way, len, height);
    }
    Vec::new()
}
