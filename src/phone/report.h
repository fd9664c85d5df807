/*
 * report: the boot of one phone as one JSON document (trustline-phone --json). Its keys are part of
 * our interface: docs/man/trustline-phone.1 lists them.
 */
#ifndef PHONE_REPORT_H
#define PHONE_REPORT_H

#include "phone/arguments.h"
#include "phone/boot.h"
#include "phone/enrolment.h"
#include "phone/signalling.h"

#include <stdio.h>

struct report;

/* `goal`: how far the phone is to go. */
int report_new(struct report **out, const char *device, const char *model,
               enum phone_goal goal) CHECKED;
void report_free(struct report *report);

/* The flash has been read. */
void report_ready(struct report *report, const struct boot *boot);
void report_action(struct report *report, const struct boot *boot,
                   const struct boot_action *action);
/* CAPF was asked. */
void report_enrolled(struct report *report, const struct enrolment_result *result);
/* TVS was asked, or what it said before was remembered; other news are left out. */
void report_tvs(struct report *report, const struct tvsc_news *news);
/* What happens between it and its call managers, and in its calls. */
void report_signalling(struct report *report, struct signalling *signalling,
                       const struct signalling_news *news);
/* It is registered no more: calls that are not over end here. */
void report_unregistered(struct report *report, struct signalling *signalling);
/* Of the goals that lie behind its files. */
void report_reached(struct report *report, enum phone_goal goal);
/* It did not get where it should. */
void report_failed(struct report *report, const char *error);
/* -ENOMEM when it could not be made whole. */
int report_print(const struct report *report, FILE *out) CHECKED;

#endif
