use anyhow::{Context, Result};
use std::path::Path;
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module};

/// Every view carries a second way to be hydrated, for routes whose code is loaded when they are
/// opened. It is reached only from `leptos::mount::hydrate_lazy`, which the frontend does not call,
/// but a table of functions points at it, so the compiler cannot know. Its futures are a fifth of
/// the module. What they hold in turn (closures within) is spared: the compiler merges equal
/// functions under one name, and the first way has the same closures.
const LAZY: &str = "13hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$17h";

/// The module with the functions emptied that are never called; what only they called goes when
/// `wasm-bindgen` collects its garbage. Should one be called after all, it stops with an error that
/// every browser test would see.
pub(crate) fn cut(wasm: &Path) -> Result<Vec<u8>> {
    let mut module = Module::from_file(wasm)
        .with_context(|| format!("cannot read {}; was it built?", wasm.display()))?;
    let lazy: Vec<_> = module
        .funcs
        .iter()
        .filter(|function| {
            function
                .name
                .as_ref()
                .is_some_and(|name| name.contains(LAZY))
        })
        .filter_map(|function| match &function.kind {
            FunctionKind::Local(_) => Some(function.id()),
            _ => None,
        })
        .collect();
    if lazy.is_empty() {
        // Another compiler may name functions otherwise. The module is then larger, and right.
        eprintln!("nothing unused was found by its name; the module is larger than it needs to be");
    }
    for function in lazy {
        empty(&mut module, function);
    }
    Ok(module.emit_wasm())
}

fn empty(module: &mut Module, function: FunctionId) {
    let kind = module.types.get(module.funcs.get(function).ty());
    let (takes, gives) = (kind.params().to_vec(), kind.results().to_vec());
    let arguments = takes.iter().map(|kind| module.locals.add(*kind)).collect();
    let mut body = FunctionBuilder::new(&mut module.types, &takes, &gives);
    body.func_body().unreachable();
    module.funcs.get_mut(function).kind = FunctionKind::Local(body.local_func(arguments));
}
