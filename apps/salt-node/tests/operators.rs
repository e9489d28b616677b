//! What operators do wrong, and are told.

use std::fs;

use super::support::{
    chain::{CHAIN, ROOTS},
    nodes::{free_port, post, program, refused, succeeds, Network, Person},
};

#[test]
fn check_config_says_what_does_not_work() {
    let network = Network::new();
    let path = network.config(1, free_port());
    let path = path.to_str().unwrap();
    let good = succeeds(&["check-config", "--config", path]);
    assert!(
        good.contains("node 1 of 5 in network insecure-dealer-test")
            && good.contains("all of it works"),
        "{good}"
    );
    network.chain.state.lock().unwrap().id = 1;
    let output = program(&["check-config", "--config", path]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text.contains(&format!("chain {CHAIN}")) && text.contains("is a node of chain 1"),
        "{text}"
    );
}

#[test]
fn a_node_does_not_start_with_what_is_not_its_own() {
    let network = Network::new();
    let path = network.config(1, free_port());
    let path = path.to_str().unwrap();
    let serve = || refused(&["serve", "--config", path]);
    let home = network.home(1);
    // The share of another node.
    let share = home.join("epochs/1/share");
    let own = fs::read(&share).unwrap();
    fs::copy(network.home(2).join("epochs/1/share"), &share).unwrap();
    let (code, text) = serve();
    assert!(code == 2 && text.contains("of one node and one epoch"), "{text}");
    fs::write(&share, own).unwrap();
    // A secret that others can read.
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(home.join("keys"), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, text) = serve();
    assert!(code == 2 && text.contains("chmod 600"), "{text}");
    fs::set_permissions(home.join("keys"), fs::Permissions::from_mode(0o600)).unwrap();
    // A dealer's committee without the flag.
    let config = fs::read_to_string(path).unwrap();
    fs::write(path, config.replace("allow_dealer = true", "allow_dealer = false")).unwrap();
    let (code, text) = serve();
    assert!(
        code == 2 && text.contains("one dealer") && text.contains("insecure.allow_dealer"),
        "{text}"
    );
    fs::write(path, config.replace("plain_http = true", "plain_http = false")).unwrap();
    let (code, text) = serve();
    assert!(code == 2 && text.contains("only https://"), "{text}");
    fs::write(path, config).unwrap();
    fs::remove_dir_all(home.join("epochs")).unwrap();
    let (code, text) = serve();
    assert!(code == 2 && text.contains("run a key ceremony first"), "{text}");
}

#[test]
fn keys_are_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let args =
        ["init", "--home", home.to_str().unwrap(), "--index", "1", "--url", "https://a.example"];
    succeeds(&args);
    let keys = fs::read(home.join("keys")).unwrap();
    let (code, text) = refused(&args);
    assert!(code == 2 && text.contains("is there already"), "{text}");
    assert_eq!(fs::read(home.join("keys")).unwrap(), keys);
    let dealer = [
        "insecure-dealer",
        "--network",
        "main-1",
        "--threshold",
        "2",
        "--out",
        "x",
        "--url",
        "http://a",
    ];
    let (code, text) = refused(&dealer);
    assert!(code == 2 && text.contains("one dealer"), "{text}");
}

/// A registry counts while a chain accepts its root, and DNS where the registry has nothing that fits.
#[test]
fn a_registry_counts_while_its_root_does() {
    use zkdkim_relation::{key_record::KeyRecord, packing::to_biguint, KeyRegistry};
    let network = Network::new();
    let mut registry = KeyRegistry::new();
    let modulus = KeyRecord::parse("x", &super::support::mail::record()).unwrap().modulus;
    registry.add(super::support::mail::DOMAIN, modulus).unwrap();
    fs::write(network.folder.path().join("registry.json"), registry.to_json()).unwrap();
    let number = to_biguint(&registry.root().0).to_bytes_be();
    let mut root = [0; 32];
    root[32 - number.len()..].copy_from_slice(&number);
    let mut configs = Vec::new();
    for index in 1..=3 {
        let path = network.config(index, free_port());
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace(
            "dns = \"quorum\"\nresolvers = \"resolvers.toml\"",
            "dns = \"none\"\nregistry = \"registry.json\"",
        );
        let text = text.replace("recovery = ", &format!("roots = \"{ROOTS}\"\nrecovery = "));
        fs::write(&path, text).unwrap();
        configs.push(path);
    }
    let output = program(&["check-config", "--config", configs[0].to_str().unwrap()]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("no chain accepts the registry's root")
    );
    network.chain.state.lock().unwrap().accepted_root = Some(root);
    succeeds(&["check-config", "--config", configs[0].to_str().unwrap()]);
    let start = |index: usize| {
        let metrics = free_port();
        let text = fs::read_to_string(&configs[index - 1]).unwrap();
        fs::write(&configs[index - 1], text.replace("metrics = ", "#")).unwrap();
        super::support::nodes::start(
            &configs[index - 1],
            &network.log(index),
            network.ports[index - 1],
            metrics,
        )
    };
    let nodes: Vec<_> = (1..=3).map(start).collect();
    let mut ann = Person::new(&network.record, 4);
    let request = ann.request(&network.record, "");
    // The root is asked for right after the start.
    for attempt in 0.. {
        match ann.ask(&network.client(), &request) {
            Ok(_) => break,
            Err(error) => assert!(attempt < 50 && error.is_temporary(), "{error}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(post(nodes[0].port, b"x", "").contains("\"id\":\"request\""));
}
