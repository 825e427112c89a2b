//! The plan as one text.
//!
//! Owns the order of its sections: most important first, and what cannot be undone last, next to the prompt. Must never leave out a
//! section that has something to say.

use super::bounds::{caps_text, limits_text, stops_text, waves_text};
use super::devices::{devices_text, left_out_text};
use super::ending::{confirmation_text, irreversible_text};
use super::lines::{facts, labelled, shown};
use super::requests::{actions_text, parameters_text, record_changes_text, renames_text};
use super::view::PlanView;
use super::warnings::warnings_text;
use super::work::WorkWords;
use crate::cli::text::screen::{Screen, Tone};

/// The whole plan as text.
pub(crate) fn plan_text(view: &PlanView<'_>, screen: &Screen) -> String {
    let around = view.around;
    let way = match around.reached_by.as_str() {
        "" => String::new(),
        way => format!(" ({})", shown(way)),
    };
    let mut rows = vec![("API", format!("{}{way}", shown(&view.file.base_url)))];
    if let Some(proxy) = &around.proxy {
        rows.push(("Proxy", shown(proxy)));
    }
    if let Some(reason) = &view.file.reason {
        rows.push(("Reason", shown(reason)));
    }
    [title(view, screen), facts(&rows, screen), body(view, screen), end(view, screen)].concat()
}

/// The plan for its approver, with these facts of its file.
pub(crate) fn approval_parts(view: &PlanView<'_>, facts: &str, screen: &Screen) -> String {
    [&title(view, screen), facts, &body(view, screen), &end(view, screen)].concat()
}

/// The first line: which job, where, and what it does.
fn title(view: &PlanView<'_>, screen: &Screen) -> String {
    let job = screen.toned(Tone::Strong, &format!("Plan of {}", shown(&view.file.job)));
    let words = WorkWords::of(view.file).plain;
    labelled("", &format!("Plan of {}: {words}", shown(&view.file.job)), screen).replacen(
        &format!("Plan of {}", shown(&view.file.job)),
        &job,
        1,
    )
}

/// What is sent, to whom, and within which limits.
fn body(view: &PlanView<'_>, screen: &Screen) -> String {
    [
        actions_text(view, screen),
        parameters_text(view, screen),
        renames_text(view, screen),
        record_changes_text(view, screen),
        devices_text(view, screen),
        left_out_text(view, screen),
        limits_text(view, screen),
        caps_text(view, screen),
        waves_text(view, screen),
        stops_text(view, screen),
    ]
    .concat()
}

/// Warnings, what cannot be undone, and what it takes to confirm.
fn end(view: &PlanView<'_>, screen: &Screen) -> String {
    [warnings_text(view, screen), irreversible_text(view, screen), confirmation_text(view, screen)]
        .concat()
}

#[cfg(test)]
mod tests {
    use super::super::view::{Around, PlanExtent};
    use super::*;
    use crate::cli::text::table::width_of;
    use crate::model::{ParamValue, Platform, UnixMillis};
    use crate::plan::PlanFile;
    use crate::plan::testing::plan_file;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    /// Twelve locks with three messages, and twelve devices that get two names.
    fn sample() -> PlanFile {
        let ids: Vec<String> = (0..24).map(|at| format!("d{at}")).collect();
        let action = |at: usize| if at < 12 { "lock" } else { "set-name" };
        let tasks: Vec<(&str, &str)> =
            ids.iter().enumerate().map(|(at, id)| (action(at), id.as_str())).collect();
        let mut file = plan_file(&tasks, NOW);
        for (at, task) in file.plan.tasks.iter_mut().enumerate() {
            task.device_mut().serial_number = format!("C02{at:09}").into();
            task.device_mut().name = format!("A device with a rather long name {at}").into();
            task.device_mut().user_email =
                format!("firstname.lastname{at}@school.example.com").into();
            task.device_mut().last_check_in =
                (at > 0).then_some(UnixMillis(NOW.0 - 86_400_000 * at as i64)).into();
            task.device_mut().platform = if at % 2 == 0 { Platform::Mac } else { Platform::IPad };
            let (key, value) = match at {
                0..12 => ("Message", format!("Call us,\nplease. {}", "word ".repeat(at % 3 * 20))),
                _ => ("DeviceName", format!("Lab {}", at % 2)),
            };
            task.params.insert(key.to_owned(), ParamValue::Text(value));
        }
        file.plan.not_seen_lately = 22;
        file.plan.activation_locked = vec![(*file.plan.tasks[3].device).clone()];
        file.plan.notes = vec!["a note that is long enough to be broken ".repeat(4)];
        file.break_glass = Some("INC-1".to_owned());
        file
    }

    fn text(file: &PlanFile, extent: PlanExtent, screen: &Screen) -> String {
        let around = Around { place: "/state on mdm1".to_owned(), reads: 3, ..Around::default() };
        plan_text(&PlanView::new(file, &around, extent, NOW), screen)
    }

    #[test]
    fn a_plan_fits_80_columns_and_breaks_no_word() {
        let screen = Screen { width: Some(80), ..Screen::plain() };
        for extent in [PlanExtent::Short, PlanExtent::Full] {
            let text = text(&sample(), extent, &screen);
            for line in text.lines() {
                assert!(width_of(line) <= 80, "{line}\n{text}");
            }
        }
    }

    #[test]
    fn a_plan_says_what_differs_what_warns_and_how_to_see_all() {
        let short = text(&sample(), PlanExtent::Short, &Screen::plain());
        for expected in [
            "Plan of offboarding: lock 12 devices and rename 12 devices on acme\n",
            "Message  3 different values\n",
            r#"4 x "Call us,\nplease. ""#,
            "New names (10 of 12; --full shows all)\n",
            "Devices (10 of 24; --full shows all)\n",
            "Activation Lock is on for 1 device,",
            "the window is overridden: INC-1\n",
            "6 devices get the same name 'Lab 0'\n",
            "longest ago: C02000000023, 23 d ago",
            "1 never checked in)\n",
        ] {
            assert!(short.contains(expected), "{expected}\n{short}");
        }
        let full = text(&sample(), PlanExtent::Full, &Screen::plain());
        assert_eq!(full.matches("firstname.lastname").count(), 24);
        assert!(!full.contains("--full"), "{full}");
    }

    #[test]
    fn irreversible_work_is_shown_last_and_in_red() {
        let file = plan_file(&[("erase", "a")], NOW);
        let screen = Screen { has_colors: true, ..Screen::plain() };
        let text = text(&file, PlanExtent::Short, &screen);
        let at = |words: &str| text.find(words).expect("it is shown");
        assert!(at("Limits") < at("This cannot be undone"));
        assert!(at("This cannot be undone") < at("--confirm \"ERASE 1 ON acme\""));
        let red = screen.toned(Tone::Bad, "This cannot be undone");
        assert!(text.contains(&red) && red.contains("31m"), "{text}");
    }
}
