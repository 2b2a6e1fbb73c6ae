//! What `guard` refuses before it reaches anybody.

use crate::{Home, KUBECONFIG};

#[test]
fn a_guard_says_what_is_wrong_with_its_orders() {
    let home = Home::new().with_kubeconfig(KUBECONFIG);
    for (line, code, holds) in [
        ("guard", 2, "<TARGET>"),
        ("guard shop/checkout --alpha 10%", 2, "from 0.001% to 5%, like `1%` or `0.01`"),
        ("guard shop/checkout --alpha 1", 2, "from 0.001% to 5%, like `1%` or `0.01`"),
        ("guard shop/checkout --soak soon", 2, "`15m`"),
        ("guard shop/checkout --dry-run --yes", 2, "cannot be used with"),
        ("guard shop/checkout --unit --stand-down", 2, "cannot be used with"),
        ("guard shop//checkout", 2, "namespace/name"),
        ("guard shop/checkout --dry-run", 3, "nothing listens at https://127.0.0.1:1"),
        ("guard shop/checkout --stand-down --yes --reason x", 3, "nothing listens at"),
        ("guard shop/checkout --until 14:30 --yes --revision 4 --reason x", 3, "nothing listens at"),
    ] {
        let (found, said) = home.fails(line);
        assert_eq!(found, code, "{line}: {said}");
        assert!(said.contains(holds), "{line}: {said}");
    }
    let (code, said) = Home::new().fails("guard shop/checkout");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("kubeconfig"), "{said}");
}
