//! What a new installation shows: from nothing to the first version that serves.

use crate::ui::command_line;
use leptos::prelude::*;

/// As small as a declaration can be. Two environments, so that there is a way to go.
const DECLARATION: &str = r#"[application]
name = "shop"

[[environment]]
name = "dev"
listen = "127.0.0.1:8101"
health = { path = "/" }

[[environment]]
name = "prod"
listen = "127.0.0.1:8103"
instances = 2
health = { path = "/" }"#;

pub(super) fn first_steps() -> AnyView {
    view! {
        <section class="card first-steps" aria-labelledby="first">
            <h2 id="first">
                "Nothing is declared yet " <small>"three steps, and this page fills by itself"</small>
            </h2>
            <ol>
                <li>
                    <h3>"Declare an application and where it runs"</h3>
                    <p>
                        "Write this to " <code>"viridian.toml"</code>
                        ", keep it in Git, and apply it. Applying it again changes nothing; "
                        <code>"--plan"</code> " only tells the difference."
                    </p>
                    <pre class="file" tabindex="0" role="group" aria-label="viridian.toml">
                        <code>{DECLARATION}</code>
                    </pre>
                    {command_line("viridian apply -f viridian.toml")}
                </li>
                <li>
                    <h3>"Bake an image"</h3>
                    <p>
                        "A folder and the program that serves it become an image that never changes. The port comes in as "
                        <code>"${PORT}"</code> "; no shell stands between."
                    </p>
                    {command_line(
                        "viridian image bake ./build --app shop --version 1.0 -- python3 -m http.server '${PORT}' --bind 127.0.0.1",
                    )}
                </li>
                <li>
                    <h3>"Start it"</h3>
                    <p>
                        "The first rollout of an empty environment simply starts it. The next ones replace it, by blue/green, canary, rolling or A/B."
                    </p>
                    {command_line("viridian rollout start --app shop --env dev --image 1.0 --strategy blue-green --watch")}
                </li>
            </ol>
            <p class="card-quiet">
                "The commands find this server by themselves on its own machine, when they are given the same "
                <code>"--data"</code> " folder. Everything they can do is also at "
                <a href="/api/docs" rel="external">
                    "/api/docs"
                </a> "."
            </p>
        </section>
    }
    .into_any()
}
