/* Commands in a talk: `? /mood happy` runs the command as -x would. Its result or failure is an
 * event, as for other calls. */
#include "cmd/commands.h"
#include "talk.h"

static void
free_commands(Talk *talk)
{
    nj_cmd_free(g_steal_pointer(&talk->commands));
}

void
run_command(Talk *talk, const char *line)
{
    if (!talk->commands) {
        talk->commands = nj_cmd_new(talk->client);
        talk->before_close = free_commands;
        for (const NjTopic *const *topic = nj_topics; *topic; topic++)
            nj_cmd_add_topic(talk->commands, *topic);
    }

    nj_cmd_run(talk->commands, line, NJ_SOURCE_ARGUMENT, NULL, tell_result, talk);
}
