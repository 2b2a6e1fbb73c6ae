//! What a piece of the screen means. The view names roles; a theme says what they look like.

/// Declares the roles once: the enum, their order and their names in a theme file.
macro_rules! roles {
    ($($(#[$about:meta])* $role:ident = $name:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $($(#[$about])* $role,)*
        }

        impl Role {
            pub const ALL: &[Self] = &[$(Self::$role,)*];

            /// The name in `[roles]`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$role => $name,)*
                }
            }
        }
    };
}

roles! {
    Text = "text",
    /// What stands in the second row: units, labels, what does not apply now.
    Muted = "muted",
    Title = "title",
    Border = "border",
    /// The frame or title of the part the arrows move in.
    Focus = "focus",
    /// The line under the cursor.
    Selected = "selected",
    Good = "good",
    Warn = "warn",
    Bad = "bad",
    Unknown = "unknown",
    Collecting = "collecting",
    /// Something that is on its way.
    Progress = "progress",
    /// Something that waits.
    Paused = "paused",
    Key = "key",
    /// A key that does nothing now, and its reason.
    Denied = "denied",
    BadgeProd = "badge-prod",
    BadgeStaging = "badge-staging",
    BadgeDev = "badge-dev",
    BadgeDemo = "badge-demo",
    Armed = "armed",
    Baseline = "baseline",
    Canary = "canary",
    /// Put over what may be old.
    Stale = "stale",
    /// A line of a dialog that is not what it was.
    Changed = "changed",
    /// Says that what is on screen is not now.
    Replay = "replay",
    /// A field that is typed into.
    Input = "input",
    /// The frame of a dialog that moves customers onto new code.
    Danger = "danger",
}
