// Applies a form's filters as they are changed. The fragment returns the focus to the changed filter.
for (const form of document.querySelectorAll("[data-filters]")) {
  form.addEventListener("change", ({ target }) => {
    form.action = `#${target.id}`;
    form.submit();
  });
}
