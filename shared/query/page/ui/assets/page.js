'use strict';
// The pages are complete without this script. It adds what needs a browser: times in the
// reader's zone, forms that send themselves, refresh and copy.
(() => {
  const root = document.documentElement;
  root.classList.add('script');
  const lang = root.lang;

  // Times: in the reader's zone, with UTC beside.
  const local = new Intl.DateTimeFormat(lang, {dateStyle: 'medium', timeStyle: 'short'});
  const day = new Intl.DateTimeFormat(lang, {dateStyle: 'full', timeZone: 'UTC'});
  const date = new Intl.DateTimeFormat(lang, {dateStyle: 'medium'});
  const clock = new Intl.DateTimeFormat(lang, {timeStyle: 'short'});
  const dayAndClock = new Intl.DateTimeFormat(lang, {month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit'});
  const showTimes = within => {
    for (const time of within.querySelectorAll('time[datetime]')) {
      if (time.dataset.done) continue;
      time.dataset.done = 'true';
      if (time.dataset.day !== undefined) { // a day of UTC, in words
        time.textContent = day.format(new Date(time.dateTime));
        continue;
      }
      if (time.dataset.clock !== undefined) { // the day stands above, unless the reader's is another
        const at = new Date(time.dateTime), sameDay = at.getDate() === at.getUTCDate();
        time.textContent = (sameDay ? clock : dayAndClock).format(at);
        continue;
      }
      if (time.dataset.date !== undefined) {
        time.title = local.format(new Date(time.dateTime)) + ' (' + time.title + ')';
        time.textContent = date.format(new Date(time.dateTime));
        continue;
      }
      const utc = time.dataset.age === undefined ? time.textContent : time.title;
      const text = local.format(new Date(time.dateTime));
      if (time.dataset.age === undefined) time.textContent = text;
      time.title = time.dataset.age === undefined ? utc : text + ' (' + utc + ')';
    }
  };

  // A form with data-auto is sent when a choice in it changes.
  document.addEventListener('change', event => {
    const form = event.target.form;
    if (form && form.dataset.auto !== undefined) form.requestSubmit();
  });

  // Live views: links and forms with data-live show their address without loading the page
  // anew. Everything is as without the script: the same addresses, the same HTML.
  const live = {request: null, place: location.pathname + location.search, typing: false};

  // formAddress returns the address that a form leads to, without what is left empty.
  const formAddress = form => {
    const address = new URL(form.action);
    address.search = '';
    for (const [name, value] of new FormData(form)) {
      if (typeof value === 'string' && value.trim() !== '') address.searchParams.append(name, value.trim());
    }
    return address;
  };

  // replaceParts puts the parts of another document in the place of those that are shown. The
  // field in use stays in use, with what was typed meanwhile unless the person goes back, and
  // what is open stays open.
  const replaceParts = (next, goesBack) => {
    const used = document.activeElement;
    const typed = !goesBack && used && used.matches('input[data-type-ahead]') ? used.value : null;
    const position = typed === null ? 0 : used.selectionStart;
    const open = [...document.querySelectorAll('main details[open][id]')].map(details => details.id);
    for (const part of ['.top', 'main', 'footer']) {
      const [before, after] = [document.querySelector(part), next.querySelector(part)];
      if (before && after) before.replaceWith(document.adoptNode(after));
    }
    document.title = next.title;
    for (const id of open) document.getElementById(id)?.setAttribute('open', '');
    if (used && used.id && used !== document.body) {
      const again = document.getElementById(used.id);
      again?.focus({preventScroll: true});
      if (again && typed !== null) {
        again.value = typed;
        again.setSelectionRange(position, position);
      }
    }
    prepare(document);
  };

  // show loads an address and shows it. If that fails, the browser loads it as usual. All that
  // is typed in one go is one entry of the history: why is 'type' while it goes on, 'enter' at
  // its end, 'back' for an entry that is there already, and else 'open'.
  const show = async (address, why) => {
    clearTimeout(live.timer);
    live.request?.abort();
    const request = live.request = new AbortController();
    const main = document.querySelector('main');
    main.setAttribute('aria-busy', 'true');
    try {
      const answer = await fetch(address, {headers: {Accept: 'application/xhtml+xml'}, signal: request.signal});
      const text = await answer.text();
      if (request.signal.aborted) return;
      const isPage = (answer.headers.get('Content-Type') || '').startsWith('text/html');
      const next = isPage && !answer.redirected && new DOMParser().parseFromString(text, 'text/html');
      if (!next || !next.querySelector('main')) {
        location.assign(address);
        return;
      }
      if (live.typing && (why === 'type' || why === 'enter')) {
        history.replaceState({scroll: scrollY}, '', address);
      } else if (why !== 'back' && String(address) !== location.href) {
        history.replaceState({scroll: scrollY}, '');
        history.pushState({scroll: scrollY}, '', address);
      }
      live.typing = why === 'type';
      live.place = location.pathname + location.search;
      replaceParts(next, why === 'back');
      if (why === 'back') scrollTo(0, history.state?.scroll || 0);
    } catch (error) {
      if (error.name !== 'AbortError') location.assign(address);
    }
  };

  document.addEventListener('click', event => {
    const link = event.target.closest?.('a[data-live]');
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    show(link.href, 'open');
  });
  document.addEventListener('submit', event => {
    const form = event.target;
    if (form.dataset.live === undefined) return;
    event.preventDefault();
    show(formAddress(form), document.activeElement?.matches('[data-type-ahead]') ? 'enter' : 'open');
  });

  // A field with data-type-ahead sends its form after a pause, one with data-auto when its
  // value changes.
  document.addEventListener('input', event => {
    if (event.target.dataset.typeAhead === undefined) return;
    clearTimeout(live.timer);
    live.timer = setTimeout(() => show(formAddress(event.target.form), 'type'), 300);
  });
  document.addEventListener('change', event => {
    if (event.target.dataset.auto !== undefined) event.target.form?.requestSubmit();
  });
  addEventListener('popstate', () => {
    const place = location.pathname + location.search;
    if (place === live.place) return; // only the fragment is another
    show(location.href, 'back');
  });

  // Copy: the text before the button. The reader's address of the service is the right one.
  document.addEventListener('click', async event => {
    const button = event.target.closest?.('[data-copy]');
    if (!button) return;
    const text = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = '✓ ' + button.textContent.replace('✓ ', '');
    } catch { // without HTTPS there is no clipboard
      getSelection().selectAllChildren(text);
    }
  });
  const showOrigin = within => {
    for (const code of within.querySelectorAll('.copy code')) {
      code.textContent = code.textContent.replace(/https?:\/\/[^\/'"]+/, location.origin);
    }
  };

  // A calendar beside a field for a time, in the reader's zone. The field gets UTC.
  const addCalendars = within => {
    for (const field of within.querySelectorAll('input[data-calendar]')) {
      const calendar = document.createElement('input');
      calendar.type = 'datetime-local';
      calendar.title = field.dataset.calendar;
      calendar.setAttribute('aria-label', field.dataset.calendar);
      calendar.addEventListener('change', () => {
        const time = new Date(calendar.value);
        if (isNaN(time)) return;
        field.value = time.toISOString().slice(0, 16) + 'Z';
        field.form.requestSubmit();
      });
      calendar.addEventListener('click', () => calendar.showPicker?.());
      field.after(calendar);
    }
  };

  // Changes and comparison: a time of the reader's zone. The form sends it in UTC.
  const addMoments = within => {
    for (const select of within.querySelectorAll('select[data-moment]')) {
      const input = select.parentElement.nextElementSibling;
      const other = select.appendChild(new Option(select.dataset.moment, ''));
      select.addEventListener('change', () => {
        input.hidden = select.value !== '';
        input.required = !input.hidden;
        if (input.required) input.focus();
      });
      select.form.addEventListener('submit', () => {
        if (select.value === '' && input.value !== '') other.value = new Date(input.value).toISOString();
      });
      // A time in the address, as people read it.
      const given = select.selectedOptions[0];
      if (given && /^\d{4}-\d\d-\d\dT/.test(given.text)) given.text = local.format(new Date(given.value));
    }
  };

  // prepare does what each part needs once it is shown.
  const prepare = within => {
    showTimes(within);
    showOrigin(within);
    addCalendars(within);
    addMoments(within);
  };
  prepare(document);
})();
