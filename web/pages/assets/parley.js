// What the page does beyond what the server wrote: a live room, keys, and nothing that is needed for reading.
const room = document.querySelector(".room");
const fragment = (html) => document.createRange().createContextualFragment(html);
const quoted = (value) => CSS.escape(value ?? "");

// -- Keys: "/" searches, j and k walk through results and messages ------------------------------------------------

addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) {
    if (event.key === "Escape" && typing) event.target.blur();
    return;
  }
  if (event.key === "/") {
    document.querySelector("input[type=search]")?.focus();
    event.preventDefault();
  } else if (event.key === "j" || event.key === "k") {
    const all = [...document.querySelectorAll(".hit .snippet a, .scroll .message .link, .card > a")];
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? (event.key === "j" ? 0 : all.length - 1) : at + (event.key === "j" ? 1 : -1);
    all[Math.min(Math.max(next, 0), all.length - 1)]?.focus();
  } else if (event.key === "c" && room) {
    room.querySelector("textarea")?.focus();
    event.preventDefault();
  }
});

// -- A live room ----------------------------------------------------------------------------------------------------

function startRoom() {
  const talk = room.querySelector(".talk");
  const scroll = room.querySelector(".scroll");
  const state = room.querySelector(".link-state");
  const composer = room.querySelector(".composer");
  const text = composer?.querySelector("textarea");
  const replying = composer?.querySelector(".replying");
  let last = Number(room.dataset.last) || 0;
  let socket, retry = 500, replyTo = "", editing = "";
  const unsent = new Map(); // by client id: what was written and is not durable yet; sent again after a break

  const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const toEnd = () => { scroll.scrollTop = scroll.scrollHeight; };
  const find = (id, native) =>
    (id && document.getElementById("m-" + id)) || (native && talk.querySelector(`[data-native="${quoted(native)}"]`));
  const say = (name, words) => { state.dataset.state = name; state.textContent = words; };

  const changes = {
    add(change) {
      const item = fragment(change.html).firstElementChild;
      if (document.getElementById(item.id)) return;
      // What we wrote ourselves is on the page already, waiting: the journal's copy takes its place.
      const own = talk.querySelector(`[data-client="${quoted(item.dataset.native.split("\n")[1] ?? "-")}"]`);
      own?.remove();
      const before = [...talk.children].findLast((one) => !one.dataset.client);
      if (item.dataset.day !== before?.dataset.day) {
        const day = fragment('<li class="day"><span></span></li>').firstElementChild;
        day.dataset.day = item.dataset.day;
        day.firstElementChild.textContent = change.day;
        insert(day);
      } else if (item.dataset.key && before?.classList.contains("message") && before.dataset.key === item.dataset.key) {
        item.classList.add("same");
      }
      const target = find(change.reply, change.reply_native);
      if (target) {
        item.classList.remove("same");
        const reply = fragment('<a class="reply"><b></b> <span></span></a>').firstElementChild;
        reply.href = "#" + target.id;
        reply.querySelector("b").textContent = target.querySelector(".name")?.textContent ?? "";
        reply.querySelector("span").textContent = target.querySelector(".text")?.textContent ?? "";
        item.querySelector(".said")?.before(reply);
      }
      room.querySelector(".nothing")?.remove();
      insert(item);
    },
    edit(change) {
      const item = find(change.target, change.native);
      const words = item?.querySelector(".text");
      if (!words || item.classList.contains("redacted")) return;
      words.replaceChildren(fragment(change.html));
      if (!item.querySelector(".edited")) words.after(fragment(' <span class="edited">edited</span>'));
    },
    redact(change) {
      const item = find(change.target, change.native);
      if (!item) return;
      item.classList.add("redacted");
      item.querySelector(".said")?.replaceChildren(fragment('<span class="text gone">deleted</span>'));
      for (const rest of item.querySelectorAll(".actions, .reaction")) rest.remove();
    },
    react(change) {
      const list = find(change.target, change.native)?.querySelector(".reactions");
      if (!list) return;
      let button = [...list.children].find((one) => one.dataset.emoji === change.emoji);
      if (!button) {
        button = fragment('<button class="reaction" type="button" aria-pressed="false" data-people="{}"><i></i> <span></span></button>').firstElementChild;
        button.dataset.emoji = change.emoji;
        button.firstElementChild.replaceWith(change.emoji);
        list.append(button);
      }
      const people = JSON.parse(button.dataset.people);
      if (change.added) people[change.who] = change.name;
      else delete people[change.who];
      const names = Object.values(people);
      if (!names.length) return button.remove();
      button.dataset.people = JSON.stringify(people);
      button.title = names.join(", ");
      button.querySelector("span").textContent = names.length;
      if (change.own) button.setAttribute("aria-pressed", change.added);
    },
    run(change) {
      const item = find(change.target, change.native);
      if (item && !item.querySelector(".chip")) item.querySelector(".said")?.append(fragment(change.html));
    },
    ran() {},
  };

  function insert(item) {
    const waiting = talk.querySelector("[data-client]");
    if (waiting) waiting.before(item);
    else talk.append(item);
  }

  const answers = {
    live() { retry = 500; say("live", "Live"); },
    reload() { location.reload(); },
    ack(answer) { unsent.delete(answer.client_id); },
    refused(answer) {
      unsent.delete(answer.client_id);
      const item = talk.querySelector(`[data-client="${quoted(answer.client_id)}"]`);
      if (item) item.classList.replace("waiting", "failed");
      say("refused", answer.what + (answer.hint ? ` (${answer.hint})` : ""));
    },
  };

  function connect() {
    const where = new URL("/live", location.href);
    where.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    where.searchParams.set("room", room.dataset.room);
    where.searchParams.set("after", last);
    socket = new WebSocket(where);
    socket.onopen = () => { for (const request of unsent.values()) socket.send(JSON.stringify(request)); };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      const end = atEnd();
      if (changes[message.type]) {
        changes[message.type](message);
        if (message.chip) for (const chip of talk.querySelectorAll(`.chip[data-run="${quoted(message.run)}"]`)) chip.replaceWith(fragment(message.chip));
        last = Math.max(last, message.sequence);
      } else {
        answers[message.type]?.(message);
      }
      if (end) toEnd();
    };
    socket.onclose = () => {
      say("away", "Connecting again …");
      setTimeout(connect, retry * (0.75 + Math.random() / 2));
      retry = Math.min(retry * 2, 15000);
    };
  }

  function send(request) {
    request.client_id = crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("");
    unsent.set(request.client_id, request);
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request));
    return request.client_id;
  }

  function reset() {
    replyTo = editing = "";
    replying.hidden = true;
    text.value = "";
    text.style.removeProperty("height");
  }

  function submit() {
    const words = text.value.trim();
    if (!words) return;
    if (editing) {
      send({ type: "edit", target: editing, text: words });
    } else {
      const client = send({ type: "message", text: words, reply_to: replyTo });
      const item = fragment('<li class="message waiting"><span class="avatar"></span><div class="body"><div class="said"><span class="text"></span></div></div></li>').firstElementChild;
      item.dataset.client = client;
      item.querySelector(".text").textContent = words;
      talk.append(item);
    }
    reset();
    toEnd();
  }

  function aboutTo(words, item) {
    replying.querySelector("span").textContent = `${words} ${item.querySelector(".name")?.textContent ?? ""}: ${item.querySelector(".text")?.textContent ?? ""}`;
    replying.hidden = false;
    text.focus();
  }

  // A press adds one's own reaction, another takes it back.
  function react(item, emoji) {
    const standing = [...item.querySelectorAll(".reaction")].find((one) => one.dataset.emoji === emoji);
    send({ type: "react", target: item.dataset.id, emoji, added: standing?.getAttribute("aria-pressed") !== "true" });
  }

  function offerReactions(item) {
    const open = item.querySelector(".palette");
    talk.querySelector(".palette")?.remove();
    if (open) return;
    const palette = fragment('<div class="palette" role="group" aria-label="Reactions"></div>').firstElementChild;
    for (const emoji of ["👍", "👎", "❤️", "😄", "🎉", "👀"]) {
      const one = fragment('<button type="button"></button>').firstElementChild;
      one.dataset.emoji = one.textContent = emoji;
      palette.append(one);
    }
    item.append(palette);
    palette.firstElementChild.focus();
  }

  talk.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const item = event.target.closest(".palette")?.closest(".message");
    item?.querySelector(".palette").remove();
    item?.querySelector("[data-do=react]").focus();
  });
  talk.addEventListener("click", (event) => {
    const item = event.target.closest(".message");
    const button = event.target.closest("button");
    if (!item || !button || !composer) return;
    const id = item.dataset.id;
    if (button.dataset.emoji) { react(item, button.dataset.emoji); item.querySelector(".palette")?.remove(); }
    else if (button.dataset.do === "react") offerReactions(item);
    else if (button.dataset.do === "reply") { replyTo = id; editing = ""; aboutTo("Reply to", item); }
    else if (button.dataset.do === "edit") { editing = id; replyTo = ""; aboutTo("Edit", item); text.value = item.querySelector(".text").textContent; }
    else if (button.dataset.do === "redact") send({ type: "redact", target: id });
  });

  if (composer) {
    composer.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
    composer.querySelector("[data-do=cancel]").addEventListener("click", reset);
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
      else if (event.key === "Escape") reset();
      else if (event.key === "ArrowUp" && !text.value) talk.querySelector(".message:last-of-type [data-do=edit]")?.click();
    });
    text.addEventListener("input", () => { text.style.height = "auto"; text.style.height = text.scrollHeight + 2 + "px"; });
  }
  if (!location.hash.startsWith("#m-")) toEnd();
  connect();
}

if (room?.dataset.live === "yes") startRoom();
if (location.hash.startsWith("#m-")) document.querySelector(location.hash)?.scrollIntoView({ block: "center" });
