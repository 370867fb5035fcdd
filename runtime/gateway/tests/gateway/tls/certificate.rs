//! What can be wrong with a certificate and its key, and what cannot.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use rcgen::KeyPair;
use wsfn_gateway::Certificate;
use wsfn_settings::Settings;

use super::support::{Authority, Files, file};

fn read(chain: PathBuf, key: PathBuf) -> Result<Option<Certificate>, String> {
    Certificate::from_settings(&Settings {
        tls_cert: Some(chain),
        tls_key: Some(key),
        ..Settings::default()
    })
    .map_err(|error| error.to_string())
}

#[test]
fn none_is_none() {
    assert!(
        Certificate::from_settings(&Settings::default())
            .unwrap()
            .is_none()
    );
}

#[test]
fn what_is_wrong_is_said_with_setting_and_file() {
    let authority = Authority::new();
    let Files { chain, key } = authority.files();
    let missing = PathBuf::from("/no/such/file.pem");
    let empty = file("empty", "");
    let broken = file(
        "broken",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
    );
    let nonsense = file(
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let broken_key = file(
        "broken-key",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    let locked = file(
        "locked",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let other = file("other-key", &KeyPair::generate().unwrap().serialize_pem());
    let large = file("large", &"x".repeat(2 << 20));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    for (chain, key, setting, at, why) in [
        (&missing, &key, "tls-cert", &missing, "cannot be read"),
        (&folder, &key, "tls-cert", &folder, "cannot be read"),
        (&empty, &key, "tls-cert", &empty, "holds no certificate"),
        (&key, &key, "tls-cert", &key, "holds no certificate"),
        (&broken, &key, "tls-cert", &broken, "is no PEM file"),
        (
            &nonsense,
            &key,
            "tls-cert",
            &nonsense,
            "no usable certificate",
        ),
        (&large, &key, "tls-cert", &large, "is larger than"),
        (&chain, &missing, "tls-key", &missing, "cannot be read"),
        (&chain, &empty, "tls-key", &empty, "holds no key"),
        (&chain, &chain, "tls-key", &chain, "holds no key"),
        (&chain, &locked, "tls-key", &locked, "pass phrase"),
        (&chain, &broken_key, "tls-key", &broken_key, "no usable key"),
        (
            &chain,
            &other,
            "tls-key",
            &other,
            "is not the key of the certificate in",
        ),
        (&chain, &large, "tls-key", &large, "is larger than"),
    ] {
        let error = read(chain.clone(), key.clone()).unwrap_err();
        let begin = format!("{setting}: {} ", at.display());
        assert!(
            error.starts_with(&begin) && error.contains(why),
            "{why}: {error}"
        );
    }
}

/// PKCS#8 is what `rcgen` writes; the other two are what OpenSSL has always written.
#[test]
fn keys_in_all_three_forms_and_both_in_one_file() {
    let authority = Authority::new();
    let (certificate, key) = authority.certificate();
    let both = file("both", &format!("{}{certificate}", key.serialize_pem()));
    assert!(read(both.clone(), both).is_ok());
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().ok()?;
        assert!(output.status.success(), "{output:?}");
        Some(String::from_utf8(output.stdout).unwrap())
    };
    let pkcs8 = file("pkcs8", &key.serialize_pem());
    let Some(sec1) = openssl(&["ec", "-in", pkcs8.to_str().unwrap()]) else {
        // Past the test runner, which shows what a passed test prints only when asked to; CI looks for the line.
        let line = b"\nSKIPPED: keys_in_all_three_forms: there is no openssl\n";
        let _ = std::io::stderr().write_all(line);
        assert!(std::env::var_os("CI").is_none(), "there is no openssl");
        return;
    };
    assert!(sec1.contains("BEGIN EC PRIVATE KEY"), "{sec1}");
    assert!(read(file("chain", &certificate), file("sec1", &sec1)).is_ok());
    let rsa = [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", "-", "-out",
        "-",
    ];
    let text = openssl(&rsa).unwrap();
    let rsa = file("rsa", &text);
    assert!(read(rsa.clone(), rsa.clone()).is_ok());
    let pkcs1 = openssl(&["rsa", "-traditional", "-in", rsa.to_str().unwrap()]).unwrap();
    assert!(pkcs1.contains("BEGIN RSA PRIVATE KEY"), "{pkcs1}");
    assert!(read(rsa, file("pkcs1", &pkcs1)).is_ok());
}

#[test]
fn a_bad_new_one_is_refused_and_the_old_one_stays() {
    let authority = Authority::new();
    let Files { chain, key } = authority.files();
    let certificate = read(chain.clone(), key).unwrap().unwrap();
    certificate.reload().unwrap();
    // Half of a new pair: its key has not been written yet.
    std::fs::write(&chain, authority.certificate().0).unwrap();
    let error = certificate.reload().unwrap_err().to_string();
    assert!(error.starts_with("tls-key: "), "{error}");
}
