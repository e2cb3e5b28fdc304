using Orleans;
using Orleans.Metadata;
using Orleans.Runtime;

namespace Dpark.Embedded.Tests.Catalog;

public interface ITableGrain : IGrainWithStringKey;

[DefaultGrainType("table.default")]
public interface IDefaultTableGrain : IGrainWithStringKey;

public sealed class GrainTypeTableTests
{
    private static readonly GrainInterfaceType Name = GrainInterfaceType.Create(typeof(ITableGrain).FullName!);

    [Fact]
    public void Resolve_OnlyImplementation_IsTaken() => Assert.Equal("a", Table(("a", "N.Other")).Resolve(typeof(ITableGrain), null).ToString());

    [Fact]
    public void Resolve_ClassNamedLikeTheInterface_Wins() =>
        Assert.Equal("b", Table(("a", "N.Other"), ("b", "N.TableGrain")).Resolve(typeof(ITableGrain), null).ToString());

    [Fact]
    public void Resolve_TwoCandidates_NamesThem()
    {
        var error = Assert.Throws<ArgumentException>(() => Table(("a", "N.One"), ("b", "N.Two")).Resolve(typeof(ITableGrain), null));

        Assert.StartsWith("Unable to identify a single appropriate grain type", error.Message, StringComparison.Ordinal);
        Assert.Contains("N.One, N.Two", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_NoImplementation_NamesTheInterface()
    {
        var error = Assert.Throws<ArgumentException>(() => Table().Resolve(typeof(ITableGrain), null));

        Assert.StartsWith($"Could not find an implementation for interface {typeof(ITableGrain)}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("N.One", "a")]
    [InlineData("N.OneMore", "b")]
    [InlineData("M.", "c")]
    public void Resolve_Prefix_PrefersTheWholeName(string prefix, string expected) =>
        Assert.Equal(expected, Table(("a", "N.One"), ("b", "N.OneMore"), ("c", "M.One")).Resolve(typeof(ITableGrain), prefix).ToString());

    [Fact]
    public void Resolve_DefaultGrainType_NeedsNoClass() => Assert.Equal("table.default", Table().Resolve(typeof(IDefaultTableGrain), null).ToString());

    [Fact]
    public void Resolve_ClassOfAnAssemblyLoadedLater_IsFound()
    {
        var entries = new List<GrainClassEntry>();
        var table = new GrainTypeTable(() => [.. entries]);
        Assert.Throws<ArgumentException>(() => table.Resolve(typeof(ITableGrain), null));

        entries.Add(new GrainClassEntry(GrainType.Create("late"), "N.Late", [Name]));

        Assert.Equal("late", table.Resolve(typeof(ITableGrain), null).ToString());
    }

    private static GrainTypeTable Table(params (string Type, string ClassName)[] classes) =>
        new(() => [.. classes.Select(entry => new GrainClassEntry(GrainType.Create(entry.Type), entry.ClassName, [Name]))]);
}
