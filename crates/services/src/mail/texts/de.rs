//! German.

use super::{MailKind, Texts, Words};

pub(super) const WORDS: Words = Words {
    hello: "Guten Tag,",
    hello_name: "Guten Tag {name},",
    link_hint: "Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse im Browser:",
    footer: "Sie erhalten diese Nachricht wegen eines Kontos oder einer Bestellung bei {site}.",
    facts: ["Zeit", "Netzadresse", "Gerät"],
    order: ["Artikel", "Preis", "je Stück", "zusammen", "Summe"],
    durations: [["Tag", "Tage"], ["Stunde", "Stunden"], ["Minute", "Minuten"]],
};

#[expect(clippy::too_many_lines, reason = "one table of texts")]
pub(super) fn texts(kind: MailKind) -> Texts {
    match kind {
        MailKind::OrderPaid => Texts {
            subject: "Vielen Dank für Ihre Bestellung {number}",
            heading: "Vielen Dank für Ihre Bestellung",
            body: &["vielen Dank für Ihre Bestellung {number}. Ihre Zahlung ist eingegangen."],
            action: None,
            closing: &["Wir melden uns, sobald sie unterwegs ist."],
        },
        MailKind::VerifyEmail => Texts {
            subject: "Bestätigen Sie Ihre E-Mail-Adresse",
            heading: "Bestätigen Sie Ihre E-Mail-Adresse",
            body: &[
                "bitte bestätigen Sie, dass Sie diese Adresse bei {site} angegeben haben. Der Link gilt einmal, {valid} lang.",
            ],
            action: Some("Adresse bestätigen"),
            closing: &[
                "Haben Sie sich nicht registriert, tun Sie nichts; die Adresse bleibt dann unbestätigt.",
            ],
        },
        MailKind::AccountExists => Texts {
            subject: "Sie haben schon ein Konto",
            heading: "Sie haben schon ein Konto",
            body: &[
                "diese Adresse wurde für ein Konto bei {site} angegeben und gehört dort zu Ihrem Konto. Es wurde nichts geändert.",
                "Melden Sie sich wie gewohnt an. Kennen Sie Ihr Passwort nicht, setzen Sie ein neues; der Link gilt einmal, {valid} lang.",
            ],
            action: Some("Neues Passwort setzen"),
            closing: &["Waren Sie es nicht, brauchen Sie nichts zu tun."],
        },
        MailKind::ResetPassword => Texts {
            subject: "Setzen Sie ein neues Passwort",
            heading: "Setzen Sie ein neues Passwort",
            body: &[
                "für Ihr Konto bei {site} wurde ein neues Passwort angefordert. Der Link gilt einmal, {valid} lang.",
            ],
            action: Some("Neues Passwort setzen"),
            closing: &["Waren Sie es nicht, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist."],
        },
        MailKind::MagicLink => Texts {
            subject: "Ihr Link zur Anmeldung",
            heading: "Ihr Link zur Anmeldung",
            body: &["mit diesem Link melden Sie sich bei {site} an. Er gilt einmal, {valid} lang."],
            action: Some("Anmelden"),
            closing: &[
                "Öffnen Sie ihn in dem Browser, in dem Sie ihn angefordert haben. Haben Sie ihn nicht angefordert, öffnen Sie ihn nicht und geben Sie ihn nicht weiter.",
            ],
        },
        MailKind::EmailCode => Texts {
            subject: "Ihr Code zur Anmeldung",
            heading: "Ihr Code zur Anmeldung",
            body: &["mit diesem Code melden Sie sich bei {site} an. Er gilt einmal, {valid} lang."],
            action: None,
            closing: &[
                "Geben Sie ihn nur dort ein, wo Sie ihn angefordert haben, und geben Sie ihn niemandem: Wir fragen nie danach. Haben Sie ihn nicht angefordert, brauchen Sie nichts zu tun.",
            ],
        },
        MailKind::StepUpCode => Texts {
            subject: "Ihr Code zur Bestätigung, dass Sie es sind",
            heading: "Ihr Code zur Bestätigung, dass Sie es sind",
            body: &[
                "mit diesem Code bestätigen Sie bei {site}, dass Sie es sind, der dort angemeldet ist. Er gilt einmal, {valid} lang.",
            ],
            action: None,
            closing: &[
                "Geben Sie ihn nur dort ein, wo Sie ihn angefordert haben, und geben Sie ihn niemandem: Wir fragen nie danach. Haben Sie ihn nicht angefordert, ist vielleicht jemand anderes bei Ihrem Konto angemeldet: Melden Sie sich an und melden Sie alle anderen Geräte ab.",
            ],
        },
        MailKind::PasswordChanged => Texts {
            subject: "Ihr Passwort wurde geändert",
            heading: "Ihr Passwort wurde geändert",
            body: &[
                "das Passwort Ihres Kontos bei {site} wurde geändert; seine anderen Geräte wurden abgemeldet.",
            ],
            action: None,
            closing: &[
                "Waren Sie es nicht, setzen Sie sofort ein neues: Wählen Sie bei der Anmeldung „Passwort vergessen“.",
            ],
        },
        MailKind::PasswordRemoved => Texts {
            subject: "Ihre Adresse ist bestätigt; wählen Sie ein Passwort",
            heading: "Wählen Sie ein Passwort",
            body: &[
                "Ihre Adresse bei {site} ist bestätigt. Das Konto hatte vorher ein Passwort, das vielleicht nicht von Ihnen \
                 ist; es wurde deshalb entfernt, und alle Geräte wurden abgemeldet.",
                "Wählen Sie ein eigenes Passwort; der Link gilt einmal, {valid} lang.",
            ],
            action: Some("Passwort wählen"),
            closing: &[
                "Sie können sich auch ohne Passwort anmelden, auf jedem anderen Weg, den Sie eingerichtet haben.",
            ],
        },
        MailKind::ChangeEmail => Texts {
            subject: "Bestätigen Sie Ihre neue E-Mail-Adresse",
            heading: "Bestätigen Sie Ihre neue E-Mail-Adresse",
            body: &[
                "diese Adresse wurde als neue Adresse eines Kontos bei {site} angegeben. Der Link gilt einmal, {valid} lang.",
            ],
            action: Some("Adresse bestätigen"),
            closing: &["Haben Sie dort kein Konto, tun Sie nichts."],
        },
        MailKind::EmailChangeRequested => Texts {
            subject: "Ihre E-Mail-Adresse soll geändert werden",
            heading: "Ihre E-Mail-Adresse soll geändert werden",
            body: &["die Adresse Ihres Kontos bei {site} wird zu {new}, sobald sie dort bestätigt ist."],
            action: None,
            closing: &[
                "Waren Sie es nicht, ändern Sie sofort Ihr Passwort: Das hält die Änderung auf und meldet alle anderen Geräte ab.",
            ],
        },
        MailKind::EmailChanged => Texts {
            subject: "Ihre E-Mail-Adresse wurde geändert",
            heading: "Ihre E-Mail-Adresse wurde geändert",
            body: &[
                "die Adresse Ihres Kontos bei {site} ist jetzt {new}. An diese Adresse wird nichts mehr gesendet.",
            ],
            action: None,
            closing: &["Waren Sie es nicht, wenden Sie sich an den Betreiber von {site}."],
        },
        MailKind::NewDevice => Texts {
            subject: "Ein neues Gerät hat sich bei Ihrem Konto angemeldet",
            heading: "Ein neues Gerät hat sich bei Ihrem Konto angemeldet",
            body: &[
                "ein Gerät, das sich bisher nicht angemeldet hatte, hat sich bei Ihrem Konto bei {site} angemeldet.",
            ],
            action: None,
            closing: &[
                "Waren Sie es nicht, ändern Sie sofort Ihr Passwort und beenden Sie die Sitzung in der Liste Ihrer Sitzungen.",
            ],
        },
        MailKind::SessionFlagged => Texts {
            subject: "Eine Ihrer Sitzungen wurde vielleicht kopiert",
            heading: "Eine Ihrer Sitzungen wurde vielleicht kopiert",
            body: &[
                "eine Sitzung Ihres Kontos bei {site} wird von zwei Stellen zugleich benutzt. Das geschieht, wenn ein \
                 Gerät im falschen Augenblick das Netz wechselt, oder wenn jemand eine Kopie dessen hat, womit es \
                 angemeldet bleibt.",
            ],
            action: None,
            closing: &[
                "Erkennen Sie das unten genannte Gerät nicht, beenden Sie die Sitzung in der Liste Ihrer Sitzungen, wo \
                 sie markiert ist, und ändern Sie Ihr Passwort.",
            ],
        },
        MailKind::Invitation => Texts {
            subject: "Sie sind zu {site} eingeladen",
            heading: "Sie sind zu {site} eingeladen",
            body: &[
                "für diese Adresse wurde ein Konto bei {site} angelegt. Wählen Sie ein Passwort, um es anzunehmen; der Link gilt einmal, {valid} lang.",
            ],
            action: Some("Einladung annehmen"),
            closing: &[
                "Wissen Sie nicht, warum Sie eingeladen sind, tun Sie nichts: Das Konto kann erst benutzt werden, wenn Sie annehmen.",
            ],
        },
        MailKind::MfaEnabled => Texts {
            subject: "Die Zwei-Faktor-Anmeldung ist eingeschaltet",
            heading: "Die Zwei-Faktor-Anmeldung ist eingeschaltet",
            body: &[
                "für Ihr Konto bei {site} wurde ein zweiter Faktor eingerichtet. Die Anmeldung verlangt ab jetzt einen Code.",
                "Bewahren Sie die Wiederherstellungscodes sicher auf: Mit ihnen melden Sie sich an, wenn Sie das Gerät verloren haben.",
            ],
            action: None,
            closing: &[
                "Waren Sie es nicht, setzen Sie sofort ein neues Passwort, das meldet alle Geräte ab, und wenden Sie sich an den Betreiber von {site}.",
            ],
        },
        MailKind::MfaDisabled => Texts {
            subject: "Ein zweiter Faktor wurde entfernt",
            heading: "Ein zweiter Faktor wurde entfernt",
            body: &["ein zweiter Faktor Ihres Kontos bei {site} wurde entfernt."],
            action: None,
            closing: &[
                "Waren Sie es nicht, ändern Sie sofort Ihr Passwort und richten Sie wieder einen zweiten Faktor ein.",
            ],
        },
        MailKind::MfaReset => Texts {
            subject: "Ein Administrator hat Ihre zweiten Faktoren entfernt",
            heading: "Ein Administrator hat Ihre zweiten Faktoren entfernt",
            body: &[
                "ein Administrator von {site} hat die zweiten Faktoren Ihres Kontos entfernt und alle seine Geräte abgemeldet. \
                 Die Anmeldung verlangt keinen Code, bis Sie wieder einen Faktor einrichten.",
            ],
            action: None,
            closing: &[
                "Haben Sie nicht darum gebeten, wenden Sie sich an den Betreiber von {site} und ändern Sie Ihr Passwort.",
            ],
        },
        MailKind::PasskeyAdded => Texts {
            subject: "Ein Passkey wurde Ihrem Konto hinzugefügt",
            heading: "Ein Passkey wurde Ihrem Konto hinzugefügt",
            body: &[
                "der Passkey „{name}“ wurde Ihrem Konto bei {site} hinzugefügt und meldet Sie dort ohne Passwort an.",
            ],
            action: None,
            closing: &[
                "Waren Sie es nicht, entfernen Sie ihn in Ihrem Konto und ändern Sie sofort Ihr Passwort.",
            ],
        },
        MailKind::PasskeyRemoved => Texts {
            subject: "Ein Passkey wurde von Ihrem Konto entfernt",
            heading: "Ein Passkey wurde von Ihrem Konto entfernt",
            body: &[
                "der Passkey „{name}“ wurde von Ihrem Konto bei {site} entfernt und meldet Sie dort nicht mehr an.",
            ],
            action: None,
            closing: &["Waren Sie es nicht, ändern Sie sofort Ihr Passwort und registrieren Sie ihn wieder."],
        },
        MailKind::RecoveryCodesRenewed => Texts {
            subject: "Sie haben neue Wiederherstellungscodes",
            heading: "Sie haben neue Wiederherstellungscodes",
            body: &[
                "für Ihr Konto bei {site} wurden neue Wiederherstellungscodes erzeugt. Die bisherigen gelten nicht mehr.",
            ],
            action: None,
            closing: &["Waren Sie es nicht, ändern Sie sofort Ihr Passwort und erzeugen Sie neue."],
        },
        MailKind::RecoveryCodeUsed => Texts {
            subject: "Ein Wiederherstellungscode wurde benutzt",
            heading: "Ein Wiederherstellungscode wurde benutzt",
            body: &[
                "ein Wiederherstellungscode Ihres Kontos bei {site} wurde benutzt. Er gilt nicht mehr. Übrige Codes: {left}.",
            ],
            action: None,
            closing: &[
                "Waren Sie es nicht, ändern Sie sofort Ihr Passwort, beenden Sie die Sitzung in der Liste Ihrer Sitzungen und erzeugen Sie neue Codes.",
            ],
        },
        MailKind::IdentityLinked => Texts {
            subject: "Die Anmeldung mit {provider} wurde Ihrem Konto hinzugefügt",
            heading: "Die Anmeldung mit {provider} wurde Ihrem Konto hinzugefügt",
            body: &[
                "ein Konto bei {provider} wurde mit Ihrem Konto bei {site} verknüpft und meldet Sie dort an.",
            ],
            action: None,
            closing: &[
                "Waren Sie es nicht, entfernen Sie die Verknüpfung in Ihrem Konto und ändern Sie sofort Ihr Passwort.",
            ],
        },
        MailKind::IdentityUnlinked => Texts {
            subject: "Die Anmeldung mit {provider} wurde von Ihrem Konto entfernt",
            heading: "Die Anmeldung mit {provider} wurde von Ihrem Konto entfernt",
            body: &["die Verknüpfung Ihres Kontos bei {site} mit einem Konto bei {provider} wurde entfernt."],
            action: None,
            closing: &["Waren Sie es nicht, ändern Sie sofort Ihr Passwort und verknüpfen Sie es wieder."],
        },
        MailKind::DataExportReady => Texts {
            subject: "Ihre Daten können heruntergeladen werden",
            heading: "Ihre Daten können heruntergeladen werden",
            body: &[
                "alles, was {site} über Ihr Konto gespeichert hat, liegt als ZIP-Datei bereit. Melden Sie sich an und laden Sie sie bis {until} herunter; danach wird sie entfernt.",
            ],
            action: None,
            closing: &[
                "Haben Sie das nicht angefordert, ändern Sie sofort Ihr Passwort: Vielleicht war jemand anderes bei Ihrem Konto angemeldet.",
            ],
        },
        MailKind::DataExportFailed => Texts {
            subject: "Ihre Daten konnten nicht bereitgestellt werden",
            heading: "Ihre Daten konnten nicht bereitgestellt werden",
            body: &[
                "Sie haben alles angefordert, was {site} über Ihr Konto gespeichert hat. Es konnte nicht zusammengestellt werden; verloren ist nichts.",
            ],
            action: None,
            closing: &["Bitte fordern Sie es noch einmal an. Gelingt auch das nicht, schreiben Sie uns."],
        },
        MailKind::AccountRestored => Texts {
            subject: "Ihr Konto ist wiederhergestellt",
            heading: "Ihr Konto ist wiederhergestellt",
            body: &[
                "Ihr Konto bei {site}, das gelöscht werden sollte, wurde bei einer Anmeldung wiederhergestellt. Es bleibt, wie es war; alle Geräte wurden vorher abgemeldet.",
            ],
            action: None,
            closing: &[
                "Waren Sie es nicht, setzen Sie sofort ein neues Passwort: Wählen Sie bei der Anmeldung „Passwort vergessen“.",
            ],
        },
        MailKind::DeletionRequested => Texts {
            subject: "Ihr Konto wird gelöscht",
            heading: "Ihr Konto wird gelöscht",
            body: &[
                "für Ihr Konto bei {site} wurde die Löschung angefordert. Alle Geräte wurden abgemeldet, und am {until} wird das Konto endgültig gelöscht.",
                "Möchten Sie es behalten, melden Sie sich vorher wie gewohnt an und bestätigen Sie, dass das Konto wiederhergestellt werden soll.",
            ],
            action: None,
            closing: &[
                "Waren Sie es nicht, melden Sie sich an, stellen Sie das Konto wieder her und ändern Sie sofort Ihr Passwort.",
            ],
        },
        MailKind::WebhookDisabled => Texts {
            subject: "Ein Webhook-Empfänger wurde abgeschaltet",
            heading: "Ein Webhook-Empfänger wurde abgeschaltet",
            body: &[
                "der Empfänger {url}, den Sie bei {site} eingetragen haben, bekommt keine Ereignisse mehr: Er hat darum gebeten (410) oder einen Tag lang keines angenommen.",
                "Beheben Sie die Störung und schalten Sie ihn wieder ein: Zustellungen, die unterwegs waren, warten auf ihn. Ereignisse aus der Zwischenzeit werden nicht für ihn aufgehoben.",
            ],
            action: None,
            closing: &["Wird er nicht mehr gebraucht, löschen Sie ihn."],
        },
        MailKind::AccountDeleted => Texts {
            subject: "Ihr Konto wurde gelöscht",
            heading: "Ihr Konto wurde gelöscht",
            body: &[
                "Ihr Konto bei {site} wurde wie angefordert gelöscht. Was wir nach dem Gesetz aufbewahren müssen, etwa Bestellungen, bleibt ohne Ihren Namen und Ihre Adresse erhalten.",
            ],
            action: None,
            closing: &["Dies ist die letzte Mail zu diesem Konto."],
        },
    }
}
