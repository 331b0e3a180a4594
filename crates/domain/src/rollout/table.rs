//! The machine written out: what every state answers to every input, and the diagram of it.

