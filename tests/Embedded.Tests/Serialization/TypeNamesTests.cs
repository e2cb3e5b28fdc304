using Dpark.Embedded.Tests.References;
using Orleans.Serialization.Configuration;
using Orleans.Serialization.TypeSystem;

namespace Dpark.Embedded.Tests.Serialization;

public sealed class TypeNamesTests
{
    private readonly TypeManifest _manifest = new(new TypeManifestOptions());

    [Theory]
    [InlineData(typeof(int), "int")]
    [InlineData(typeof(Guid?), "System.Nullable`1[[Guid]]")]
    [InlineData(typeof(string[][,]), "string[,][]")]
    [InlineData(typeof(Dictionary<string, List<(int, IOverloadsGrain[])>>),
        "System.Collections.Generic.Dictionary`2[[string],[System.Collections.Generic.List`1[[System.ValueTuple`2[[int],[Dpark.Embedded.Tests.References.IOverloadsGrain[],Dpark.Orleans.Embedded.Tests]]]]]]")]
    public void Format_AType_IsReadBack(Type type, string text)
    {
        Assert.Equal(text, TypeNames.Format(type));
        Assert.Equal([type, typeof(long)], TypeNames.ParseArguments(TypeNames.FormatArguments([type, typeof(long)]), _manifest));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[")]
    [InlineData("[[")]
    [InlineData("[[int]")]
    [InlineData("[[int]]]")]
    [InlineData("[[int],]")]
    [InlineData("[[int[]]")]
    [InlineData("[[int[,]]")]
    [InlineData("[[]]")]
    [InlineData("[[,System.Private.CoreLib]]")]
    [InlineData("[[System.Collections.Generic.List`1]]")]
    [InlineData("[[System.Collections.Generic.List`1[[int],[int]]]]")]
    [InlineData("[[System.Nullable`1[[string]]]]")]
    [InlineData("[[System.Diagnostics.Process,System.Diagnostics.Process]]")]
    [InlineData("[[System.IO.FileStream]]")]
    [InlineData("[[System.IO.FileStream,System.Private.CoreLib]]")]
    [InlineData("[[no.such.alias]]")]
    [InlineData("[[a\\,System.Private.CoreLib]]")]
    [InlineData("[[a*&]]")]
    public void ParseArguments_DamagedOrNotPermitted_IsRefused(string text) => Assert.Null(TypeNames.ParseArguments(text, _manifest));

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    [InlineData(20_000, false)]
    public void ParseArguments_Nested_HasALimit(int depth, bool isRead)
    {
        var text = $"[[{string.Concat(Enumerable.Repeat("System.Collections.Generic.List`1[[", depth))}int{string.Concat(Enumerable.Repeat("]]", depth))}]]";

        Assert.Equal(isRead, TypeNames.ParseArguments(text, _manifest) is not null);
    }

    [Fact]
    public void ParseArguments_ManyRanks_HasALimit() => Assert.Null(TypeNames.ParseArguments($"[[int{string.Concat(Enumerable.Repeat("[]", 10_000))}]]", _manifest));
}
