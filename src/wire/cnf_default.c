#include "wire/cnf.h"

#include "wire/cnf_blocks.h"

/* CUCM's order of elements, and like CUCM's without an XML declaration. */
int cnf_write_default(struct buffer *out, const struct cnf_values *values,
                      const struct cnf_load *loads, size_t count, bool auto_registration)
{
    if (values->manager_count > CNF_MANAGERS_MAX)
        return ERR_LIMIT;
    buffer_format(out,
                  "<Default>\n"
                  "<autoRegistrationName>AUTO-REG</autoRegistrationName>\n"
                  "<autoRegistration>%s</autoRegistration>\n"
                  "<ipAddressMode>0</ipAddressMode>\n"
                  "<ipPreferenceModeControl>0</ipPreferenceModeControl>\n"
                  "<ipMediaAddressFamilyPreference>0</ipMediaAddressFamilyPreference>\n"
                  "<callManagerGroup>\n<name>",
                  auto_registration ? "enabled" : "disabled");
    cnf_escape(out, values->group_name);
    buffer_text(out, "</name>\n<tftpDefault>true</tftpDefault>\n<members>\n");
    cnf_write_members(out, values, CNF_PORTS_BOTH);
    buffer_text(out, "\n</members>\n</callManagerGroup>\n");
    cnf_write_tvs(out, values);
    for (size_t i = 0; i < count; i++) {
        buffer_format(out, "\n<loadInformation%u model=\"", loads[i].device_type);
        cnf_escape(out, loads[i].model);
        buffer_text(out, "\">");
        cnf_escape(out, loads[i].load);
        buffer_format(out, "</loadInformation%u>", loads[i].device_type);
    }
    buffer_text(out, "\n</Default>\n");
    return out->error;
}
