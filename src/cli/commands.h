/* commands: the functions behind the table of commands.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

enum cli_status show_ctl(struct cli *cli, const struct call *call);
enum cli_status show_itl(struct cli *cli, const struct call *call);
enum cli_status list_build(struct cli *cli, const struct call *call);
enum cli_status list_verify(struct cli *cli, const struct call *call);
enum cli_status list_diff(struct cli *cli, const struct call *call);
enum cli_status file_sign(struct cli *cli, const struct call *call);
enum cli_status file_verify(struct cli *cli, const struct call *call);
enum cli_status file_unsign(struct cli *cli, const struct call *call);
enum cli_status file_seal(struct cli *cli, const struct call *call);
enum cli_status file_unseal(struct cli *cli, const struct call *call);
enum cli_status file_lint(struct cli *cli, const struct call *call);
enum cli_status init_cluster(struct cli *cli, const struct call *call);
enum cli_status show_version(struct cli *cli, const struct call *call);
enum cli_status show_status(struct cli *cli, const struct call *call);
enum cli_status utils_ctl_mixed(struct cli *cli, const struct call *call);
enum cli_status utils_ctl_non_secure(struct cli *cli, const struct call *call);
enum cli_status utils_ctl_update(struct cli *cli, const struct call *call);
enum cli_status utils_ctl_reset(struct cli *cli, const struct call *call);
enum cli_status utils_itl_reset_local(struct cli *cli, const struct call *call);
enum cli_status utils_itl_reset_remote(struct cli *cli, const struct call *call);
enum cli_status utils_service_list(struct cli *cli, const struct call *call);
enum cli_status utils_service_start(struct cli *cli, const struct call *call);
enum cli_status utils_service_stop(struct cli *cli, const struct call *call);
enum cli_status utils_service_restart(struct cli *cli, const struct call *call);
enum cli_status show_cert_list_own(struct cli *cli, const struct call *call);
enum cli_status show_cert_list_trust(struct cli *cli, const struct call *call);
enum cli_status show_cert_own(struct cli *cli, const struct call *call);
enum cli_status show_cert_trust(struct cli *cli, const struct call *call);
enum cli_status show_csr_list_own(struct cli *cli, const struct call *call);
enum cli_status show_csr_own(struct cli *cli, const struct call *call);
enum cli_status set_cert_regen(struct cli *cli, const struct call *call);
enum cli_status set_csr_gen(struct cli *cli, const struct call *call);
enum cli_status set_cert_import_own(struct cli *cli, const struct call *call);
enum cli_status set_cert_import_trust(struct cli *cli, const struct call *call);
enum cli_status set_cert_delete(struct cli *cli, const struct call *call);
enum cli_status set_cert_delete_trust(struct cli *cli, const struct call *call);
enum cli_status parameter_list(struct cli *cli, const struct call *call);
enum cli_status parameter_show(struct cli *cli, const struct call *call);
enum cli_status parameter_set(struct cli *cli, const struct call *call);
enum cli_status profile_list(struct cli *cli, const struct call *call);
enum cli_status profile_show(struct cli *cli, const struct call *call);
enum cli_status profile_add(struct cli *cli, const struct call *call);
enum cli_status profile_delete(struct cli *cli, const struct call *call);
enum cli_status model_list(struct cli *cli, const struct call *call);
enum cli_status model_show(struct cli *cli, const struct call *call);
enum cli_status model_set(struct cli *cli, const struct call *call);
enum cli_status phones_list(struct cli *cli, const struct call *call);
enum cli_status phones_show(struct cli *cli, const struct call *call);
enum cli_status phones_add(struct cli *cli, const struct call *call);
enum cli_status phones_update(struct cli *cli, const struct call *call);
enum cli_status phones_revoke(struct cli *cli, const struct call *call);
enum cli_status phones_reset(struct cli *cli, const struct call *call);
enum cli_status phones_restart(struct cli *cli, const struct call *call);
enum cli_status phones_delete(struct cli *cli, const struct call *call);
enum cli_status template_list(struct cli *cli, const struct call *call);
enum cli_status template_show(struct cli *cli, const struct call *call);
enum cli_status file_list_tftp(struct cli *cli, const struct call *call);
enum cli_status file_delete_tftp(struct cli *cli, const struct call *call);
enum cli_status run_sql(struct cli *cli, const struct call *call);
enum cli_status calls_list(struct cli *cli, const struct call *call);
enum cli_status calls_history(struct cli *cli, const struct call *call);
enum cli_status plan_command(struct cli *cli, const struct call *call);

/* The list the cluster of this state directory publishes; as struct cli's hook wants it. */
int published_list(const char *state, enum trustlist_kind kind, struct buffer *out,
                   struct why *why) CHECKED;

#endif
