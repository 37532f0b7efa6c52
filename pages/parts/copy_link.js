// Copies the desk's address with a path. Where the page is not secure (plain http on another host) browsers offer the old way only.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector(".cl");
  button.textContent = data.label;
  button.onclick = async () => {
    const address = window.location.origin + data.path;
    if (navigator.clipboard && window.isSecureContext) await navigator.clipboard.writeText(address);
    else oldWay(address);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = data.label; }, 2000);
  };
}

function oldWay(text) {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
