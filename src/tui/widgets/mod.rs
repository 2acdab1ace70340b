//! Parts of any screen: lists, columns, text, themes and drawing primitives. They know nothing of captures.

pub(crate) mod columns;
pub(crate) mod draw;
pub(crate) mod line_editor;
pub(crate) mod line_wrap;
pub(crate) mod row_order;
pub(crate) mod scroll;
pub(crate) mod sorted_list;
pub(crate) mod step_sort;
pub(crate) mod text;
pub(crate) mod theme;
pub(crate) mod time_format;
