using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Orleans.Placement;
using Orleans.Providers;
using Orleans.Runtime;

namespace Dpark.Conformance.Storage;

[GenerateSerializer, Alias("conformance.Account")]
public sealed class Account
{
    [Id(0)]
    public int Balance { get; set; }

    [Id(1)]
    public List<string> Entries { get; set; } = [];
}

/// <summary>What a grain knows of its state.</summary>
[GenerateSerializer, Alias("conformance.AccountView")]
public sealed record AccountView(
    [property: Id(0)] int Balance,
    [property: Id(1)] List<string> Entries,
    [property: Id(2)] bool RecordExists,
    [property: Id(3)] string? Etag,
    [property: Id(4)] int BalanceAtActivation,
    [property: Id(5)] Guid Activation);

[Alias("conformance.IAccountGrain")]
public interface IAccountGrain : IGrainWithStringKey
{
    [Alias("View")]
    Task<AccountView> ViewAsync();

    /// <summary>Changes the state and writes it.</summary>
    [Alias("Deposit")]
    Task<AccountView> DepositAsync(int amount);

    /// <summary>Changes the state and does not write it.</summary>
    [Alias("Forget")]
    Task<AccountView> DepositUnwrittenAsync(int amount);

    [Alias("Reload")]
    Task<AccountView> ReloadAsync();

    [Alias("Clear")]
    Task<AccountView> ClearAsync();

    [Alias("Deactivate")]
    Task DeactivateAsync();
}

/// <summary>A grain with an injected state.</summary>
[GrainType("conformance.account"), RandomPlacement]
public sealed class AccountGrain([PersistentState("account", DefaultSilo.OtherStorage)] IPersistentState<Account> account) : Grain, IAccountGrain
{
    private readonly Guid _activation = Guid.NewGuid();
    private int _balanceAtActivation;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _balanceAtActivation = account.State.Balance;
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString()).AppendAsync($"deactivated {reason.ReasonCode}");

    public Task<AccountView> ViewAsync() => Task.FromResult(View());

    public async Task<AccountView> DepositAsync(int amount)
    {
        account.State.Balance += amount;
        account.State.Entries.Add($"{amount}");
        await account.WriteStateAsync();
        return View();
    }

    public Task<AccountView> DepositUnwrittenAsync(int amount)
    {
        account.State.Balance += amount;
        return ViewAsync();
    }

    public async Task<AccountView> ReloadAsync()
    {
        await account.ReadStateAsync();
        return View();
    }

    public async Task<AccountView> ClearAsync()
    {
        await account.ClearStateAsync();
        return View();
    }

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private AccountView View() =>
        new(account.State.Balance, account.State.Entries, account.RecordExists, account.Etag, _balanceAtActivation, _activation);
}

[Alias("conformance.ITallyGrain")]
public interface ITallyGrain : IGrainWithStringKey
{
    [Alias("Add")]
    Task<int> AddAsync(int amount);

    [Alias("Deactivate")]
    Task DeactivateAsync();

    [Alias("Clear")]
    Task<int> ClearAsync();
}

/// <summary>A grain with state by its base class, in the default storage.</summary>
[GrainType("conformance.tally"), RandomPlacement]
public sealed class TallyGrain : Grain<Account>, ITallyGrain
{
    public async Task<int> AddAsync(int amount)
    {
        State.Balance += amount;
        await WriteStateAsync();
        return State.Balance;
    }

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<int> ClearAsync()
    {
        await ClearStateAsync();
        return State.Balance;
    }
}

/// <summary>As <see cref="TallyGrain"/>, in a named storage.</summary>
[GrainType("conformance.named-tally"), StorageProvider(ProviderName = DefaultSilo.OtherStorage), RandomPlacement]
public sealed class NamedTallyGrain : Grain<Account>, ITallyGrain
{
    public async Task<int> AddAsync(int amount)
    {
        State.Balance += amount;
        await WriteStateAsync();
        return State.Balance;
    }

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<int> ClearAsync()
    {
        await ClearStateAsync();
        return State.Balance;
    }
}

[Alias("conformance.IUnstoredGrain")]
public interface IUnstoredGrain : IGrainWithStringKey
{
    [Alias("Ping")]
    Task<bool> PingAsync();
}

/// <summary>A grain with a storage that no silo has.</summary>
[GrainType("conformance.unstored"), RandomPlacement]
public sealed class UnstoredGrain([PersistentState("state", "no-such-storage")] IPersistentState<Account> state) : Grain, IUnstoredGrain
{
    public Task<bool> PingAsync() => Task.FromResult(state.RecordExists);
}
