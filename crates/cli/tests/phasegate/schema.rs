//! `phasegate schema`.

use crate::scene::{Scene, json};

#[test]
fn the_schema_of_each_kind_of_file_is_printed() {
    let scene = Scene::empty();
    for kind in ["matrix", "plan"] {
        let said = scene.run(&["schema", kind]);
        assert_eq!((said.status, said.err.as_str()), (0, ""));
        assert_eq!(json(&said)["$schema"], "http://json-schema.org/draft-04/schema#");
    }
    let said = scene.run(&["schema", "matrx"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("matrix"), "{}", said.err);
}
