#include "phone/webview.h"

#include "base/clock.h"
#include "base/text.h"
#include "phone/webpage.h"

#include <sys/socket.h>
#include <unistd.h>

static void look(void *context, struct webfacts *facts)
{
    const struct webview *view = context;
    *facts = (struct webfacts){.device = view->device,
                               .model = view->model,
                               .now = clock_wall(),
                               .mic = view->mic,
                               .server = &view->tftp,
                               .local = view->local.size ? &view->local : NULL,
                               .messages = view->messages,
                               .console = view->lines};
    if (view->boot)
        webfacts_of_boot(facts, view->boot);
    if (view->add)
        view->add(view->context, facts);
}

/* The address that datagrams to `server` would leave from; nothing is sent. */
static void find_local(struct address *out, const struct address *server)
{
    struct address local = {.size = sizeof local.v6};
    int fd = socket(server->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, &server->any, server->size) == 0 &&
        getsockname(fd, &local.any, &local.size) == 0)
        *out = local;
    close(fd);
}

int webview_start(struct webview *out, struct loop *loop, const struct webview_setup *setup,
                  struct console *console, struct why *why)
{
    *out = (struct webview){.mic = setup->mic,
                            .tftp = *setup->tftp,
                            .model = setup->model,
                            .add = setup->add,
                            .context = setup->context};
    text_copy(out->device, sizeof out->device, setup->device);
    find_local(&out->local, setup->tftp);
    const struct webserver_setup server = {.local = setup->listen, .look = look, .context = out};
    int result = notebook_new(&out->messages, WEBPAGE_MESSAGES);
    if (result == 0)
        result = notebook_new(&out->lines, WEBPAGE_LINES);
    if (result == 0)
        result = webserver_new(&out->server, loop, &server, why);
    if (result) {
        webview_stop(out);
        return why_prefix(why, result, "--web");
    }
    console->messages = out->messages;
    console->lines = out->lines;
    return 0;
}

void webview_stop(struct webview *view)
{
    webserver_free(view->server);
    notebook_free(view->messages);
    notebook_free(view->lines);
    *view = (struct webview){0};
}

void webview_ready(struct webview *view, const struct boot *boot)
{
    view->boot = boot;
}
