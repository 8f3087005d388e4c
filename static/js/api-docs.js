// Shows the operations of the API: docs.html.
const operations = document.getElementById("operations");
SwaggerUIBundle({ url: operations.dataset.spec, domNode: operations, deepLinking: true });
