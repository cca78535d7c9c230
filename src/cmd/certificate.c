/* /certificate: shows the server's certificate and decides whether to trust it. */
#include "base/clock.h"
#include "cmd/account.h"
#include "cmd/topic.h"

/* The certificate of the last TLS handshake, also of a failed one; NULL: the call has failed. */
static const NjCertificate *
last_certificate(NjCall *call, NjSession *session)
{
    const char *name = nj_call_account(call)->settings->name;
    const NjCertificate *certificate = nj_session_certificate(session);
    if (!certificate)
        nj_call_fail(call, "no-certificate",
                     _("Account %s has not received a certificate yet; /connect %s gets one."),
                     name, name);
    return certificate;
}

static void
report_certificate(NjCall *call, const NjCertificate *certificate, const char *names,
                   const char *from, const char *until)
{
    nj_call_notice(call, NJ_NOTICE_INFO, _("Certificate of %s, for %s"), certificate->subject,
                   names);
    nj_call_notice(call, NJ_NOTICE_INFO, _("Issued by %s, valid from %.10s to %.10s"),
                   certificate->issuer, from, until);
    nj_call_notice(call, NJ_NOTICE_INFO, _("SHA-256 %s"), certificate->sha256);
    nj_call_notice(call, NJ_NOTICE_INFO, _("Key %s"), certificate->pin);
    if (certificate->protocol)
        nj_call_notice(call, NJ_NOTICE_INFO, _("Connection %s, %s"), certificate->protocol,
                       certificate->cipher ? certificate->cipher : "");
    if (certificate->problem)
        nj_call_notice(call, NJ_NOTICE_WARNING, "%s", certificate->problem);

    if (certificate->pinned)
        nj_call_notice(call, NJ_NOTICE_SUCCESS, _("Accepted because its key is pinned."));
    else if (certificate->trusted_once)
        nj_call_notice(call, NJ_NOTICE_WARNING,
                       _("Accepted for this connection because you trusted it."));
    else if (!certificate->problem)
        nj_call_notice(call, NJ_NOTICE_SUCCESS, _("Accepted: signed by a trusted authority."));
}

static void
run_show(NjCall *call)
{
    NjSession *session = nj_call_session(call, nj_call_account(call));
    const NjCertificate *certificate = session ? last_certificate(call, session) : NULL;
    if (!certificate)
        return;

    g_autofree char *names = g_strjoinv(", ", certificate->names);
    g_autofree char *from = nj_clock_format(certificate->not_before);
    g_autofree char *until = nj_clock_format(certificate->not_after);
    report_certificate(call, certificate, names, from, until);

    NjRecord *result = nj_call_result(call);
    nj_record_set_text(result, "subject", certificate->subject);
    nj_record_set_text(result, "issuer", certificate->issuer);
    nj_record_set_text(result, "names", names);
    nj_record_set_text(result, "not_before", from);
    nj_record_set_text(result, "not_after", until);
    nj_record_set_text(result, "sha256", certificate->sha256);
    nj_record_set_text(result, "pin", certificate->pin);
    nj_record_set_text(result, "problem", certificate->problem);

    nj_call_done(call);
}

/* Connects with the certificate that was just accepted, unless the account is online. */
static void
connect_again(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    if (account->state == NJ_ACCOUNT_ONLINE)
        nj_call_done(call);
    else
        nj_call_connect(call, account);
}

static void
run_trust(NjCall *call)
{
    NjSession *session = nj_call_session(call, nj_call_account(call));
    const NjCertificate *certificate = session ? last_certificate(call, session) : NULL;
    if (!certificate)
        return;

    nj_session_trust_once(session, certificate->pin);
    connect_again(call);
}

static void
run_pin(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    NjSession *session = nj_call_session(call, account);
    const NjCertificate *certificate = session ? last_certificate(call, session) : NULL;
    if (certificate && nj_call_set_setting(call, account, "pin", certificate->pin))
        connect_again(call);
}

static void
run_forget(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    if (!nj_call_session(call, account) || !nj_call_set_setting(call, account, "pin", NULL))
        return;

    nj_call_notice(call, NJ_NOTICE_SUCCESS,
                   _("Removed the pinned key of account %s; certificates are checked by their "
                     "authorities again."),
                   account->settings->name);
    nj_call_done(call);
}

const NjCommand nj_cmd_certificate = {
    .name = "certificate",
    .summary = N_("Show the server's certificate, or trust it"),
    .details =
        N_("The certificate is the one that the server showed last. Without a sub-command it is "
           "shown."),
    .needs = NJ_NEEDS_ACCOUNT,
    .examples = { "/certificate", "/home:certificate" },
    .run = run_show,
};

const NjCommand nj_cmd_certificate_show = {
    .name = "show",
    .parent = "certificate",
    .summary = N_("Show the server's certificate"),
    .needs = NJ_NEEDS_ACCOUNT,
    .examples = { "/certificate show" },
    .run = run_show,
};

const NjCommand nj_cmd_certificate_trust = {
    .name = "trust",
    .parent = "certificate",
    .summary = N_("Accept the certificate for one connection"),
    .needs = NJ_NEEDS_ACCOUNT,
    .examples = { "/certificate trust" },
    .run = run_trust,
};

const NjCommand nj_cmd_certificate_pin = {
    .name = "pin",
    .parent = "certificate",
    .summary = N_("Accept the key of the certificate from now on, and no other key"),
    .needs = NJ_NEEDS_ACCOUNT,
    .examples = { "/certificate pin", "/home:certificate pin" },
    .run = run_pin,
};

const NjCommand nj_cmd_certificate_forget = {
    .name = "forget",
    .parent = "certificate",
    .summary = N_("Remove the pinned key"),
    .needs = NJ_NEEDS_ACCOUNT,
    .examples = { "/certificate forget" },
    .run = run_forget,
};
