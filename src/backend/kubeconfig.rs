//! What a kubeconfig offers, without connecting to anything. Its secrets stay in it: the YAML reader's own
//! messages quote lines of the file, so only the place of a mistake is ever repeated.

use std::{env, path::Path};

use kube::config::{Kubeconfig, KubeconfigError};

use crate::config::Contexts;

/// Set by the kubelet in every pod.
const IN_CLUSTER: &str = "KUBERNETES_SERVICE_HOST";

/// The contexts of this kubeconfig, or of the usual ones: `KUBECONFIG`, else `~/.kube/config`.
///
/// # Errors
/// When a file that was asked for is not there, or any cannot be read or understood; in words.
pub fn contexts(file: Option<&Path>) -> Result<Contexts, String> {
    let from = match (file, env::var("KUBECONFIG")) {
        (Some(file), _) => file.display().to_string(),
        (None, Ok(list)) if !list.is_empty() => list,
        (None, _) => "~/.kube/config".to_owned(),
    };
    let in_cluster = env::var_os(IN_CLUSTER).is_some();
    let read = match file {
        Some(file) => Kubeconfig::read_from(file),
        None => Kubeconfig::read(),
    };
    let kubeconfig = match read {
        Ok(kubeconfig) => kubeconfig,
        Err(KubeconfigError::FindPath) => Kubeconfig::default(),
        Err(KubeconfigError::ReadConfig(error, _))
            if file.is_none() && error.kind() == std::io::ErrorKind::NotFound =>
        {
            Kubeconfig::default()
        }
        Err(error) => return Err(explain(&from, &error)),
    };
    Ok(Contexts {
        from,
        current: kubeconfig.current_context.filter(|name| !name.is_empty()),
        names: kubeconfig.contexts.into_iter().map(|context| context.name).collect(),
        in_cluster,
    })
}

/// What is wrong with a kubeconfig and where, without anything that stands in it.
#[must_use]
pub fn explain(file: &str, error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(inner) => {
            let place = inner
                .location()
                .map_or_else(String::new, |place| format!(" at line {}, column {}", place.line(), place.column()));
            format!("the kubeconfig {file} cannot be understood{place}; `kubectl config view` may say more")
        }
        KubeconfigError::ReadConfig(error, path) => {
            format!("the kubeconfig {} cannot be read: {error}", path.display())
        }
        other => format!("the kubeconfig {file} cannot be used: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_broken_kubeconfig_is_named_by_its_place_and_never_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kc");
        let cases = [
            "apiVersion: v1\nusers:\n- name: me\n  user: {token: sekrit\n",
            "apiVersion: v1\nusers:\n- name: me\n  user: sekrit\n",
            "apiVersion: v1\nusers: sekrit\n",
            "apiVersion: v1\nclusters:\n- name: [sekrit]\n",
        ];
        for text in cases {
            fs::write(&file, text).unwrap();
            let message = contexts(Some(&file)).unwrap_err();
            assert!(!message.contains("sekrit"), "{message}");
            assert!(message.contains("kc") && message.contains("line"), "{message}");
        }
        let missing = contexts(Some(Path::new("/no/such"))).unwrap_err();
        assert!(missing.contains("/no/such cannot be read"), "{missing}");
    }

    #[test]
    fn contexts_are_read_with_the_current_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kc");
        let text = "apiVersion: v1\nkind: Config\ncurrent-context: b\ncontexts:\n\
                    - {name: a, context: {cluster: x, user: y}}\n- {name: b, context: {cluster: x, user: y}}\n";
        fs::write(&file, text).unwrap();
        let found = contexts(Some(&file)).unwrap();
        assert_eq!((found.current.as_deref(), found.names), (Some("b"), vec!["a".to_owned(), "b".to_owned()]));
    }
}
