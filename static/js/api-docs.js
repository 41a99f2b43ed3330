// Draws the API's schema on its page. The page is complete without it.
const host = document.getElementById("api-docs");
const token = document.querySelector("input[name=csrfmiddlewaretoken]");

window.SwaggerUIBundle({
  url: host.dataset.schemaUrl,
  domNode: host,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  requestInterceptor: (request) => {
    // A signed-in reader may try things out; the session needs this proof with a change.
    if (token && !["GET", "HEAD"].includes(request.method || "GET")) {
      request.headers["X-CSRFToken"] = token.value;
    }
    return request;
  },
});
