"use strict";
// Lets every operation be tried from the page. The token stays in this tab.
const token = document.getElementById("token");
token.value = sessionStorage.getItem("token") || "";
token.addEventListener("input", () => sessionStorage.setItem("token", token.value));

for (const operation of document.querySelectorAll(".operation")) {
  operation.querySelector("button").addEventListener("click", () => send(operation));
}

async function send(operation) {
  const answer = operation.querySelector(".answer");
  answer.hidden = false;
  answer.textContent = "…";
  let path = operation.dataset.path;
  const query = new URLSearchParams();
  const headers = { Authorization: "Bearer " + token.value };
  for (const input of operation.querySelectorAll("input[data-in]")) {
    const { in: place, name } = input.dataset;
    if (place === "path") path = path.replace("{" + name + "}", encodeURIComponent(input.value));
    else if (input.value === "") continue;
    else if (place === "query") query.set(name, input.value);
    else headers[name] = input.value;
  }
  const body = operation.querySelector("textarea");
  if (body) headers["Content-Type"] = "application/json";
  const target = path + (query.size ? "?" + query : "");
  try {
    const response = await fetch(target, { method: operation.dataset.method, headers, body: body ? body.value : undefined });
    const text = await response.text();
    // Numbers are shown as they came: a JSON parser would round the large ones.
    answer.textContent = response.status + " " + response.statusText + "\n\n" + text;
  } catch (error) {
    answer.textContent = String(error);
  }
}

// A link to an operation opens it.
function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") target.open = true;
}
addEventListener("hashchange", open);
open();
