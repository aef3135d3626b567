//! The pages of the review desk. Everything that came from outside goes through [`text`].

use super::session::Desk;
use crate::{
    app::App,
    error::ServerError,
    http::{html::text, refusal::Refusal},
    review::Part,
};
use likeness_protocol::{
    Code, UnixMs,
    manifest::VirtualCamera,
    review::{DecisionReceipt, DecisionRequest, Outcome, Queue, QueueItem, SubmissionForReview},
    verification::{Concern, IdLayout, PhotoKind, Reason, ReasonNotice, Status},
};
use std::{collections::BTreeMap, fmt::Write};

/// What is about to be decided.
pub struct Decision<'a> {
    pub id: &'a str,
    pub request: &'a DecisionRequest,
    pub reasons: &'a [ReasonNotice],
    pub fields: &'a BTreeMap<String, String>,
}

fn frame(title: &str, header: &str, main: &str) -> String {
    let title = text(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · Review desk</title><link rel=\"stylesheet\" href=\"/console/console.css\">\
         <script src=\"/console/console.js\" defer></script></head><body><a class=\"skip\" href=\"#main\">Skip to content</a>{header}<main id=\"main\">{main}</main></body></html>"
    )
}

fn desk_header(app: &App, desk: &Desk) -> String {
    let practice = if app.settings.practice { "<span class=\"badge\">Practice</span>" } else { "" };
    format!(
        "<header><a class=\"home\" href=\"/console\"><span class=\"mark\" aria-hidden=\"true\"></span>Review desk</a>{practice}<span class=\"grow\"></span>\
         <form method=\"post\" action=\"/console/sign-out\">{}<button class=\"quiet\">Sign out</button></form></header>",
        form_field(app, desk)
    )
}

fn form_field(app: &App, desk: &Desk) -> String {
    format!("<input type=\"hidden\" name=\"form\" value=\"{}\">", text(&desk.form_token(app)))
}

/// Signing in, with what went wrong before.
pub fn sign_in(app: &App, problem: Option<&str>) -> String {
    let problem =
        problem.map(|words| format!("<p class=\"problem\" role=\"alert\">{}</p>", text(words))).unwrap_or_default();
    let main = format!(
        "<section class=\"card narrow\"><h1>Review desk</h1><p class=\"soft\">{}</p>{problem}<form method=\"post\" action=\"/console/sign-in\">\
         <label>E-mail address<input name=\"email\" type=\"email\" autocomplete=\"username\" required autofocus></label>\
         <label>Password<input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label>\
         <button class=\"primary\">Sign in</button></form></section>",
        text(&app.policy.provider.name)
    );
    frame("Sign in", "", &main)
}

/// A refusal.
pub fn refusal(refusal: &Refusal) -> String {
    let advice = match refusal.code() {
        Code::MediaNotViewed => "Go back to the profile: both photos are shown there.",
        Code::ReasonRequired => "Go back and choose what was wrong.",
        Code::ClaimedByOther | Code::AlreadyDecided | Code::OwnProfile => "Go on with the next one.",
        _ => "",
    };
    let main = format!(
        "<section class=\"card narrow\"><h1>That did not work</h1><p role=\"alert\">{}</p><p class=\"soft\">{advice}</p><p><a class=\"button\" href=\"/console\">Back to the queue</a></p></section>",
        text(refusal.detail_text())
    );
    frame("That did not work", "", &main)
}

fn ago(now: UnixMs, then: UnixMs) -> String {
    let minutes = now.since(then).as_secs() / 60;
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..2_880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

const fn status_words(status: Status) -> &'static str {
    match status {
        Status::Approved => "Approved",
        Status::Rejected => "Rejected",
        _ => "Waiting",
    }
}

/// The queue.
pub fn queue(app: &App, desk: &Desk, part: Part, queue: &Queue) -> String {
    let tab = |name: &str, state: &str, this: Part| {
        let current = if part == this { " aria-current=\"page\"" } else { "" };
        format!("<a href=\"/console?state={state}\"{current}>{name}</a>")
    };
    let tabs =
        [tab("Waiting", "waiting", Part::Waiting), tab("Mine", "mine", Part::Mine), tab("Done", "done", Part::Done)]
            .concat();
    let rows: String = queue.items.iter().map(|item| queue_row(app, item)).collect();
    let list = if rows.is_empty() {
        "<p class=\"empty\">Nothing here. A new profile appears as soon as a learner sends one.</p>".to_owned()
    } else {
        format!("<ul class=\"queue\">{rows}</ul>")
    };
    let state = match part {
        Part::Waiting => "waiting",
        Part::Mine => "mine",
        Part::Done => "done",
    };
    let more = queue
        .cursor
        .as_deref()
        .map(|cursor| {
            format!("<p><a class=\"button\" href=\"/console?state={state}&amp;cursor={}\">More</a></p>", text(cursor))
        })
        .unwrap_or_default();
    frame(
        "Queue",
        &desk_header(app, desk),
        &format!("<h1>Profiles</h1><nav class=\"tabs\" aria-label=\"Which profiles\">{tabs}</nav>{list}{more}"),
    )
}

fn queue_row(app: &App, item: &QueueItem) -> String {
    let attempt = if item.attempt > 1 { format!("try {}", item.attempt) } else { "first try".to_owned() };
    let claimed = if item.claimed_by_other { " · with another reviewer" } else { "" };
    let status = if item.status == Status::InReview {
        String::new()
    } else {
        format!("<span class=\"badge {}\">{}</span>", item.status.as_str(), status_words(item.status))
    };
    format!(
        "<li><a href=\"/console/review/{}\"><strong>{}</strong><span class=\"soft\">{attempt} · sent {}{claimed}</span>{status}</a></li>",
        text(&item.id),
        text(&item.reference),
        ago(app.now(), item.submitted_at)
    )
}

/// One profile: both photos, the name, what to look at twice, and the decision.
pub fn submission(app: &App, desk: &Desk, shown: &SubmissionForReview) -> Result<String, ServerError> {
    let photos: String = PhotoKind::ALL.into_iter().map(|kind| figure(kind, shown)).collect();
    let layout = match shown.id_layout {
        IdLayout::OneSide => "Name and photo are on one side of the ID.",
        IdLayout::TwoSides => "The photo side is held beside the face, the name side is the ID photo.",
    };
    let decision = if shown.item.status == Status::InReview {
        decision_form(app, desk, &shown.item.id)?
    } else {
        format!("<section class=\"card\"><p>{} already.</p></section>", status_words(shown.item.status))
    };
    let main = format!(
        "<div class=\"titleline\"><h1>{}</h1><span class=\"soft\">sent {} · try {}</span></div>\
         <section class=\"photos\" aria-label=\"Photos\">{photos}</section>\
         <section class=\"card name\"><p class=\"soft\">Name as typed</p><p class=\"big\" dir=\"auto\">{}</p><p class=\"soft\">{layout}</p>{}{}</section>{decision}",
        text(&shown.item.reference),
        ago(app.now(), shown.item.submitted_at),
        shown.item.attempt,
        text(&shown.full_name),
        flags(shown),
        earlier(app, shown)
    );
    Ok(frame(&shown.item.reference, &desk_header(app, desk), &main))
}

fn figure(kind: PhotoKind, shown: &SubmissionForReview) -> String {
    let (title, alt) = match kind {
        PhotoKind::Face => ("Face", "Face photo of the learner"),
        PhotoKind::Id => ("ID", "Photo of the ID"),
    };
    let Some(path) = shown.media.get(&kind) else {
        return format!(
            "<figure class=\"photo\"><figcaption>{title}</figcaption><p class=\"empty\">Deleted, as the retention rule says.</p></figure>"
        );
    };
    let kept =
        if shown.evidence.kept.contains(&kind) { " <span class=\"soft\">kept from the last try</span>" } else { "" };
    format!(
        "<figure class=\"photo\" data-photo=\"{}\"><figcaption>{title}{kept}<span class=\"grow\"></span>\
         <button type=\"button\" class=\"quiet\" data-turn=\"-90\" aria-label=\"Turn {title} left\">⟲</button><button type=\"button\" class=\"quiet\" data-turn=\"90\" aria-label=\"Turn {title} right\">⟳</button>\
         <button type=\"button\" class=\"quiet\" data-zoom aria-label=\"Zoom {title}\">Zoom</button></figcaption>\
         <div class=\"view\" tabindex=\"0\"><img src=\"{}\" alt=\"{alt}\"></div></figure>",
        kind.as_str(),
        text(path)
    )
}

fn flags(shown: &SubmissionForReview) -> String {
    let evidence = &shown.evidence;
    let mut list = Vec::new();
    match evidence.virtual_camera {
        VirtualCamera::No => {}
        VirtualCamera::Suspected => list.push("The camera may be a program, not a device.".to_owned()),
        VirtualCamera::Yes => list.push("The camera says that it is a program, not a device.".to_owned()),
    }
    if evidence.drawn {
        list.push("The pictures are drawn: practice only.".to_owned());
    }
    if evidence.key_changed {
        list.push("The learner signed in anew between taking and sending the photos.".to_owned());
    }
    for (kind, findings) in &evidence.taken_anyway {
        let gates = findings.iter().map(|finding| finding.gate.replace('_', " ")).collect::<Vec<_>>().join(", ");
        let which = if *kind == PhotoKind::Face { "face" } else { "ID" };
        list.push(format!("The {which} photo was taken although guidance still asked for: {gates}."));
    }
    if list.is_empty() {
        return format!("<p class=\"soft\">Camera: {}</p>", text(&evidence.camera));
    }
    let items: String = list.iter().map(|flag| format!("<li>{}</li>", text(flag))).collect();
    format!(
        "<ul class=\"flags\" aria-label=\"Look twice\">{items}</ul><p class=\"soft\">Camera: {}</p>",
        text(&evidence.camera)
    )
}

fn earlier(app: &App, shown: &SubmissionForReview) -> String {
    let items: String = shown
        .earlier
        .iter()
        .map(|decision| {
            let what = if decision.outcome == Outcome::Approve { "approved" } else { "rejected" };
            let reasons =
                decision.reasons.iter().map(|reason| reason.as_str().replace('_', " ")).collect::<Vec<_>>().join(", ");
            format!(
                "<li>{what} {}{}</li>",
                ago(app.now(), decision.decided_at),
                if reasons.is_empty() { String::new() } else { format!(": {}", text(&reasons)) }
            )
        })
        .collect();
    if items.is_empty() {
        String::new()
    } else {
        format!("<p class=\"soft\">Earlier tries</p><ul class=\"soft\">{items}</ul>")
    }
}

fn decision_form(app: &App, desk: &Desk, id: &str) -> Result<String, ServerError> {
    let mut groups = String::new();
    for (title, first) in [("Face photo", Concern::Face), ("ID photo", Concern::Id), ("Both photos", Concern::Both)] {
        let mut boxes = String::new();
        for reason in Reason::ALL
            .into_iter()
            .filter(|reason| *reason != Reason::Other && reason.may_concern().first() == Some(&first))
        {
            boxes.push_str(&reason_box(app, reason)?);
        }
        // Writing to a String cannot fail.
        let _ = write!(groups, "<fieldset><legend>{title}</legend>{boxes}</fieldset>");
    }
    let _ = write!(groups, "<fieldset><legend>Something else</legend>{}</fieldset>", reason_box(app, Reason::Other)?);
    let action = format!("/console/review/{}/confirm", text(id));
    let form = form_field(app, desk);
    Ok(format!(
        "<section class=\"card decide\"><form method=\"post\" action=\"{action}\" class=\"approve\">{form}<input type=\"hidden\" name=\"outcome\" value=\"approve\">\
         <button class=\"primary\" data-key=\"a\">Approve</button><span class=\"soft\">Face, ID and name fit together.</span></form>\
         <details data-key=\"r\"><summary>Reject, and say why</summary><form method=\"post\" action=\"{action}\">{form}<input type=\"hidden\" name=\"outcome\" value=\"reject\">\
         <div class=\"reasons\">{groups}</div>\
         <label>Note to the learner <span class=\"soft\">(plain words; goes into the mail)</span><textarea name=\"note\" maxlength=\"2000\" rows=\"3\"></textarea></label>\
         <label>Note for reviewers only<textarea name=\"internal_note\" maxlength=\"2000\" rows=\"2\"></textarea></label>\
         <label class=\"line\"><input type=\"radio\" name=\"may_resubmit\" value=\"yes\" checked> may try again</label>\
         <label class=\"line\"><input type=\"radio\" name=\"may_resubmit\" value=\"no\"> no further try; support helps</label>\
         <button class=\"primary\">Reject</button></form></details>\
         <form method=\"post\" action=\"/console/review/{}/release\">{form}<button class=\"quiet\" data-key=\"n\">Give back to the queue</button></form></section>",
        text(id)
    ))
}

/// The learner's sentences; the one that points to the reviewer's note would puzzle the reviewer who has yet to write it.
fn for_reviewers(app: &App, reason: Reason) -> Result<[String; 2], ServerError> {
    let [what, todo] = app.words.reason(reason, &app.policy.id_types)?;
    let what =
        if reason == Reason::Other { "Something else, as the note to the learner says.".to_owned() } else { what };
    Ok([what, todo])
}

fn reason_box(app: &App, reason: Reason) -> Result<String, ServerError> {
    let code = reason.as_str();
    let [what, todo] = for_reviewers(app, reason)?;
    let choices = match reason.may_concern() {
        [_] => String::new(),
        several => {
            let options: String = several
                .iter()
                .map(|concern| format!("<option value=\"{}\">{}</option>", concern.as_str(), concern_words(*concern)))
                .collect();
            format!("<select name=\"concern-{code}\" aria-label=\"What to do again\">{options}</select>")
        }
    };
    Ok(format!(
        "<div class=\"reason\"><label class=\"line\" title=\"{}\"><input type=\"checkbox\" name=\"reason-{code}\"> {}</label>{choices}</div>",
        text(&todo),
        text(&what)
    ))
}

const fn concern_words(concern: Concern) -> &'static str {
    match concern {
        Concern::Face => "take the face photo again",
        Concern::Id => "take the ID photo again",
        Concern::Both => "take both photos again",
        Concern::Name => "correct the name only",
    }
}

/// The step in which a decision can still be taken back.
pub fn confirm(app: &App, desk: &Desk, decision: &Decision<'_>) -> Result<String, ServerError> {
    let (title, button) = match decision.request.outcome {
        Outcome::Approve => ("Approve this profile?", "Yes, approve"),
        Outcome::Reject => ("Reject this profile?", "Yes, reject"),
    };
    let mut reasons = String::new();
    for reason in decision.reasons {
        let [what, _] = for_reviewers(app, reason.code)?;
        let _ = write!(reasons, "<li>{} <span class=\"soft\">{}</span></li>", text(&what), concern_words(reason.photo));
    }
    let note = decision
        .request
        .note_to_learner
        .as_deref()
        .map(|note| format!("<blockquote dir=\"auto\">{}</blockquote>", text(note)))
        .unwrap_or_default();
    let again = match (decision.request.outcome, decision.request.may_resubmit) {
        (Outcome::Approve, _) => "The learner is told by mail. The profile counts for all courses and is locked.",
        (Outcome::Reject, true) => {
            "The learner is told by mail, with the reasons, and asked for just what has to be done again."
        }
        (Outcome::Reject, false) => "The learner is told by mail and sent to support; another try is not offered.",
    };
    let hidden: String = decision
        .fields
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", text(name), text(value)))
        .collect();
    let id = text(decision.id);
    let main = format!(
        "<section class=\"card narrow\"><h1>{title}</h1><ul>{reasons}</ul>{note}<p class=\"soft\">{again}</p>\
         <form method=\"post\" action=\"/console/review/{id}/decide\">{hidden}<button class=\"primary\" autofocus>{button}</button> <a class=\"button\" href=\"/console/review/{id}\">Go back</a></form></section>"
    );
    Ok(frame(title, &desk_header(app, desk), &main))
}

/// What was decided.
pub fn decided(app: &App, desk: &Desk, receipt: &DecisionReceipt) -> String {
    let main = format!(
        "<section class=\"card narrow\"><h1>{}</h1><p class=\"soft\">The learner is told by mail.</p><p><a class=\"button primary\" href=\"/console\" autofocus>Next profile</a></p></section>",
        status_words(receipt.status)
    );
    frame(status_words(receipt.status), &desk_header(app, desk), &main)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn names_cannot_become_markup() {
        #[rustfmt::skip]
        let table = [
            ("Ada Lovelace",                    "Ada Lovelace",                                     "plain"),
            ("<script>alert(1)</script>",       "&lt;script&gt;alert(1)&lt;/script&gt;",            "an element"),
            ("\" onmouseover=\"x",              "&quot; onmouseover=&quot;x",                       "out of an attribute"),
            ("' autofocus '",                   "&#39; autofocus &#39;",                            "out of a single-quoted attribute"),
            ("O'Brien & Søn",                   "O&#39;Brien &amp; Søn",                            "an honest name"),
        ];
        for (raw, expected, because) in table {
            assert_eq!(text(raw), expected, "{because}");
        }
    }
}
