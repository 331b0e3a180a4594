//! Where there is nothing yet, what to do next.

use leptos::prelude::*;

/// A heading, why it is empty, and the commands that change it.
pub fn empty(heading: &str, why: &str, commands: &[&str]) -> AnyView {
    view! {
        <div class="empty">
            <h3>{heading.to_owned()}</h3>
            <p>{why.to_owned()}</p>
            {commands.iter().map(|command| command_line(command)).collect_view()}
        </div>
    }
    .into_any()
}

/// A command to copy.
pub fn command_line(command: &str) -> impl IntoView + use<> {
    view! {
        // Long ones scroll sideways, which a keyboard can only do where it can stop.
        <pre class="command-line" tabindex="0" role="group" aria-label="Command">
            <code>{command.to_owned()}</code>
        </pre>
    }
}
