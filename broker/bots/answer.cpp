#include "broker/bots/answer.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstring>

namespace parley::bots {

using bus::Outcome;

std::string place_of(const bus::EventId& run, const std::string& page, const std::string& prefix) {
    return page.empty() ? fmt::format("`{}show {}`", prefix, run.brief()) : fmt::format("{}/run/{}", page, run.brief());
}

std::string closing_line(const std::string& command, const End& end, const std::string& where) {
    const auto took = service::for_people(end.took);
    std::string rest;
    if (end.hidden_lines > 0) rest = fmt::format("… {} more line{}", end.hidden_lines, end.hidden_lines == 1 ? "" : "s");
    if (end.truncated) rest += fmt::format("{}output cut off after {} bytes were written", rest.empty() ? "… " : ", ", end.output_bytes);
    switch (end.outcome) {
        case Outcome::succeeded:
            if (!rest.empty()) return fmt::format("{} — {}", rest, where);
            if (end.output_bytes == 0) return fmt::format("`{}` is done, without output ({})", command, took);
            return end.took < std::chrono::seconds(10) ? "" : fmt::format("`{}` is done after {}", command, took);
        case Outcome::failed: return fmt::format("{}`{}` failed after {}: {} — {}", rest.empty() ? "" : rest + "; ", command, took, end.detail, where);
        case Outcome::timed_out: return fmt::format("{}`{}` was stopped: {} — {}", rest.empty() ? "" : rest + "; ", command, end.detail, where);
        case Outcome::cancelled: return fmt::format("`{}` was cancelled after {} — {}", command, took, where);
        case Outcome::denied:
        case Outcome::lost: break;
    }
    return fmt::format("`{}`: {} — {}", command, end.detail, where);
}

End end_from(int wait_status) {
    End end;
    if (WIFEXITED(wait_status)) {
        end.exit_code = WEXITSTATUS(wait_status);
        end.outcome = *end.exit_code == 0 ? Outcome::succeeded : Outcome::failed;
        if (*end.exit_code != 0) end.detail = fmt::format("exit {}", *end.exit_code);
    } else {
        end.outcome = Outcome::failed;
        end.detail = fmt::format("killed by signal {} ({})", WTERMSIG(wait_status), ::strsignal(WTERMSIG(wait_status)));
    }
    return end;
}

}  // namespace parley::bots
