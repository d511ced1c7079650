//! Devices in words.

use ironleaf_bff::Device;

use super::{t, t_with};

/// `Firefox on Linux`. Names of products and systems are the same in every language.
pub(crate) fn device_name(device: Device) -> String {
    let browser = device.browser.unwrap_or_else(|| t("device-unknown"));
    match device.system {
        Some(system) => t_with("device", [("browser", browser.into()), ("system", system.into())]),
        None => browser.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_a_name_whatever_is_known_of_it() {
        for (browser, system, words) in [
            (Some("Firefox"), Some("Linux"), "Firefox on Linux"),
            (Some("curl"), None, "curl"),
            (None, Some("Android"), "Unknown browser on Android"),
            (None, None, "Unknown browser"),
        ] {
            assert_eq!(device_name(Device { browser, system }), words);
        }
    }
}
