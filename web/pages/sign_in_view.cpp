// Signing in, oneself, and what could not be shown.
#include "web/pages/layout.h"
#include "web/pages/views.h"

namespace parley::pages {

Html sign_in_view(const std::string& bot, const std::string& prefix) {
    return markup(
        "<section class=\"narrow\"><h1>Sign in</h1><p>Send <code>{}login</code> to <b>{}</b> in a direct message, on "
        "any network where it is. "
        "It answers with a link that is good for ten minutes, once.</p><p class=\"quiet\">Nothing on this page is "
        "shown to anyone who is not signed in.</p></section>",
        {prefix, bot});
}

// A link is used by pressing the button: programs that fetch links for a preview must not use it up.
Html login_view(const std::string& code, const std::string& name) {
    return markup(
        "<section class=\"narrow\"><h1>Hello, {}</h1><form method=\"post\" action=\"/login/{}\"><p>This signs this "
        "browser in as <b>{}</b>.</p>"
        "<button type=\"submit\" class=\"primary\">Sign in</button></form></section>",
        {name, code, name});
}

Html me_view(const std::string& name, const std::string& id, bool session) {
    return markup(
        "<section class=\"narrow\"><h1>You</h1><form method=\"post\" action=\"/me\" class=\"stacked\"><label "
        "for=\"name\">Name, as others see it</label>"
        "<input id=\"name\" name=\"name\" value=\"{}\" maxlength=\"32\" required autocomplete=\"nickname\"><button "
        "type=\"submit\" class=\"primary\">Save</button></form>"
        "<p class=\"quiet\">Signed in as <code>{}</code>.</p>{}</section>",
        {name, id,
         session
             ? trusted("<form method=\"post\" action=\"/sign-out\"><button type=\"submit\">Sign out</button></form>")
             : Html()});
}

Html error_view(int status, const service::Error& error) {
    const auto title = status == 404                    ? "Not here"
                       : status == 503 || status == 504 ? "Not just now"
                                                        : "That did not work";
    return markup("<section class=\"narrow\"><h1>{}</h1>{}<p><a href=\"/\">To the search</a></p></section>",
                  {title, problem(error)});
}

}  // namespace parley::pages
