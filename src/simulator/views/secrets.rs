//! The secrets of a device.
//!
//! Owns their bodies. Secrets belong to Apple devices only and are gone with the record.
//! Must never make or change a PIN.

use serde_json::{Map, Value, json};

use crate::model::{Platform, Random};
use crate::simulator::draws::{Draw, draw, one_of};
use crate::simulator::mdm::device_view::DeviceView;
use crate::simulator::setup::switch_values::NoSecret;
use crate::simulator::wire::answers;
use crate::simulator::wire::exchange::SimReply;
use crate::simulator::wire::routes::SecretKind;

/// What keys are made of, in groups.
const KEY_LETTERS: [&str; 16] =
    ["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "M", "2", "4", "6", "8", "9"];

/// Answers `GET /devices/{id}/secrets/...`. `readable_pin` is the PIN that the tenant shows by now; the
/// other secrets are drawn from the seed. Their keys are documented.
pub(crate) fn secret(
    view: &DeviceView<'_>,
    kind: SecretKind,
    readable_pin: Option<&str>,
    no_secret: NoSecret,
) -> SimReply {
    let mut random = draw(view.seed, Draw::Secret, [view.place as u64, kind as u64, 0]);
    let is_mac = view.platform() == Platform::Mac;
    let pairs: Vec<(&str, Option<String>)> = match kind {
        SecretKind::UnlockPin => vec![("pin", readable_pin.map(str::to_owned))],
        SecretKind::BypassCode => {
            let has_code = view.platform().is_apple();
            vec![
                ("user_based_albc", has_code.then(|| groups(&mut random, 6))),
                ("device_based_albc", has_code.then(|| groups(&mut random, 6))),
            ]
        }
        SecretKind::FileVaultKey => {
            let has_key = is_mac && view.facts().filevault;
            vec![("key", has_key.then(|| groups(&mut random, 6)))]
        }
        SecretKind::RecoveryPassword => {
            vec![("recovery_password", is_mac.then(|| groups(&mut random, 6)))]
        }
    };
    let mut body = Map::new();
    for (key, secret) in pairs {
        match (secret, no_secret) {
            (Some(secret), _) => body.insert(key.to_owned(), json!(secret)),
            (None, NoSecret::EmptyText) => body.insert(key.to_owned(), json!("")),
            (None, NoSecret::Null) => body.insert(key.to_owned(), Value::Null),
            (None, NoSecret::MissingKey) => None,
        };
    }
    answers::json(200, &Value::Object(body))
}

/// Groups of four, as keys are written.
fn groups(random: &mut Random, count: usize) -> String {
    let mut group = || (0..4).map(|_| one_of(random, &KEY_LETTERS)).collect::<String>();
    (0..count).map(|_| group()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, PinVisible, Presence};

    fn pin(bed: &mut Testbed) -> Value {
        bed.get(&format!("{}/secrets/unlockpin", bed.path(0))).json()["pin"].clone()
    }

    #[test]
    fn the_pin_is_readable_only_after_delivery_and_lag() {
        let mut bed = Testbed::macs(1);
        bed.world.switches_mut().pin_visible = PinVisible::AfterDelivery { lag_ms: 600_000 };
        bed.set_presence(0, Presence::Offline);
        let issued = bed.post(0, "lock", "").json()["PIN"].clone();
        bed.pass_ms(3_600_000);
        assert_eq!(pin(&mut bed), "");
        let id = bed.id(0);
        bed.world.wake(&id);
        bed.pass_ms(60_000);
        assert_eq!(pin(&mut bed), "");
        bed.pass_ms(600_000);
        assert_eq!(pin(&mut bed), issued);
    }

    #[test]
    fn the_pin_may_be_readable_at_once_or_never() {
        for (pin_visible, readable) in [(PinVisible::AtOnce, true), (PinVisible::Never, false)] {
            let mut bed = Testbed::macs(1);
            bed.world.switches_mut().pin_visible = pin_visible;
            let issued = bed.post(0, "lock", "").json()["PIN"].clone();
            bed.pass_ms(if readable { 0 } else { 3_600_000 });
            assert_eq!(pin(&mut bed) == issued, readable);
        }
    }

    #[test]
    fn a_missing_secret_is_written_in_three_ways() {
        let mut bed = Testbed::of(&[DeviceKind::IPhone]);
        let path = format!("{}/secrets/filevaultkey", bed.path(0));
        assert_eq!(bed.get(&path).text(), r#"{"key":""}"#);
        bed.world.switches_mut().no_secret = NoSecret::Null;
        assert_eq!(bed.get(&path).text(), r#"{"key":null}"#);
        bed.world.switches_mut().no_secret = NoSecret::MissingKey;
        assert_eq!(bed.get(&path).text(), "{}");
    }

    #[test]
    fn the_other_secrets_stay_the_same() {
        let mut bed = Testbed::macs(1);
        for (path, key) in [
            ("filevaultkey", "key"),
            ("recoverypassword", "recovery_password"),
            ("bypasscode", "device_based_albc"),
        ] {
            let path = format!("{}/secrets/{path}", bed.path(0));
            let secret = bed.get(&path).json()[key].clone();
            assert_eq!(secret.as_str().map(str::len), Some(29), "{secret}");
            assert_eq!(bed.get(&path).json()[key], secret);
        }
    }

    #[test]
    fn lost_mode_is_off() {
        let mut bed = Testbed::macs(1);
        let lost = bed.get(&format!("{}/details/lostmode", bed.path(0)));
        assert_eq!((lost.status, lost.text().as_str()), (400, "[\"Device is not in lost mode.\"]"));
    }
}
