/* single: boots one phone and says what it does. */
#ifndef PHONE_SINGLE_H
#define PHONE_SINGLE_H

#include "net/address.h"
#include "phone/arguments.h"

enum phone_exit single_run(const struct arguments *arguments, const struct address *server);

#endif
