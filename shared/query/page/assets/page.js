'use strict';
// The pages are complete without this script. It adds what needs a browser: times in the
// reader's zone, forms that send themselves, refresh and copy.
(() => {
  const root = document.documentElement;
  root.classList.add('script');
  const lang = root.lang;

  // Times: in the reader's zone, with UTC beside.
  const local = new Intl.DateTimeFormat(lang, {dateStyle: 'medium', timeStyle: 'short'});
  const showTimes = within => {
    for (const time of within.querySelectorAll('time[datetime]')) {
      if (time.dataset.done) continue;
      time.dataset.done = 'true';
      const utc = time.dataset.age === undefined ? time.textContent : time.title;
      const text = local.format(new Date(time.dateTime));
      if (time.dataset.age === undefined) time.textContent = text;
      time.title = time.dataset.age === undefined ? utc : text + ' (' + utc + ')';
    }
  };
  showTimes(document);

  // A form with data-auto is sent when a choice in it changes.
  document.addEventListener('change', event => {
    const form = event.target.form;
    if (form && form.dataset.auto !== undefined) form.requestSubmit();
  });
})();
