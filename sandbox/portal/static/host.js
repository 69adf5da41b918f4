// The portal's side of the frame protocol: `command[:JSON]:callback:SID` from the application, `callback:JSON` back to it.
'use strict';
(() => {
  const setup = JSON.parse(document.getElementById('setup').textContent);
  const frame = document.getElementById('appframe_' + setup.sid);
  const origin = new URL(setup.app).origin;
  const placed = setup.init.PLACEMENT !== 'DEFAULT';
  const DENIED_IN_PLACEMENTS = ['setTitle', 'setScroll', 'reloadWindow'];
  const PATHS = /^\/(crm|company|catalog|marketplace|shop|tasks|workgroups|bizproc|devops)\//;
  window.frameCommands = [];

  const act = (name, body) => fetch('/_portal/' + name, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({user: setup.user, ...body}),
  }).then((answer) => answer.json());
  const size = (value) => /%$/.test(String(value)) ? String(value) : parseInt(value, 10) + 'px';

  const commands = {
    getInitData: () => setup.init,
    setInstall: () => true,
    setInstallFinish: async () => {
      if (!setup.admin) return undefined;
      await act('finish');
      const query = new URLSearchParams(location.search);
      query.set('install_finished', 'Y');
      location.search = query.toString();
      return undefined;
    },
    refreshAuth: () => act('refresh'),
    setAppOption: (given) => setup.admin ? act('option', {kind: 'app', name: given.name, value: given.value}) : undefined,
    setUserOption: (given) => act('option', {kind: 'user', name: given.name, value: given.value}),
    resizeWindow: (given) => {
      if (given.width !== undefined) frame.style.width = size(given.width);
      if (given.height > 0) { frame.style.height = size(given.height); frame.style.flex = 'none'; }
      return given;
    },
    reloadWindow: () => { location.reload(); return undefined; },
    setTitle: (given) => { document.getElementById('pagetitle').textContent = given.title; document.title = given.title; return {}; },
    setScroll: (given) => { window.scrollTo(0, given.scroll || 0); return {}; },
    openApplication: (given) => ({opened: given}),
    closeApplication: () => ({}),
    openPath: (given) => PATHS.test(String(given.path)) ? {result: 'close'} : {result: 'error', errorCode: 'PATH_NOT_AVAILABLE'},
    imCallTo: () => ({}), imPhoneTo: () => ({}), imOpenMessenger: () => ({}), imOpenHistory: () => ({}),
    selectUser: (given) => given.mult ? setup.users.slice(0, 2) : setup.users[0],
    selectAccess: () => [],
    selectCRM: () => ({}),
    showAppForm: () => ({}),
    getInterface: () => ({command: Object.keys(commands), event: []}),
    placementBindEvent: () => undefined,
  };

  const parsed = (data) => {
    if (typeof data !== 'string') return {name: data.method, raw: data.params, callback: data.callback, sid: data.appSid};
    const parts = data.split(':');
    const name = parts.shift();
    const sid = parts.pop();
    const callback = parts.pop();
    return {name, raw: parts.join(':'), callback, sid};
  };
  const read = (raw) => {
    if (typeof raw !== 'string' || raw === '') return raw || {};
    try { return JSON.parse(raw); } catch { return raw; }
  };

  window.addEventListener('message', async (event) => {
    if (event.origin !== origin || event.source !== frame.contentWindow || !event.data) return;
    const message = parsed(event.data);
    if (message.sid !== setup.sid) return;
    const given = read(message.raw);
    window.frameCommands.push([message.name, given]);
    if (!commands[message.name] || (placed && DENIED_IN_PLACEMENTS.includes(message.name))) return;
    const result = await commands[message.name](given);
    if (result !== undefined && message.callback) {
      frame.contentWindow.postMessage(message.callback + ':' + JSON.stringify(result), origin);
    }
  });
  document.getElementById('appform').submit();
})();
