// The page's own files, and the description of this API.
#include "web/api/openapi_text.h"
#include "web/api/site.h"
#include "web/pages/assets.h"

namespace parley::api {

server::Response asset(const Visit& visit) {
    const auto found = pages::asset(visit.parts.at(1));
    if (!found) return server::Response::text("Not here.\n", 404);
    server::Response out{200, std::string(found->type), std::string(found->content), {}};
    // The address changes with the content, so a browser may keep it for good.
    const bool current = visit.parts.at(0) == pages::asset_version();
    return out.with("Cache-Control", current ? "public, max-age=31536000, immutable" : "no-cache");
}

server::Response openapi(const Visit&) { return {200, "application/yaml", std::string(openapi_text()), {}}; }

}  // namespace parley::api
