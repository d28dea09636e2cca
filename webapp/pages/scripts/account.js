// The pages of accounts are drawn by the server; here they get the buttons in their bar.
window.Podium.start(async () => {});
