using System.Globalization;

namespace Dpark.Closures;

public sealed class DelegateTests
{
    private readonly int _offset = 40;

    private delegate TOut Converter<in TIn, out TOut>(TIn value);

    private interface IRule
    {
        int Apply(int value);
    }

    [Fact]
    public void Copy_LambdaWithoutCaptures_Runs()
    {
        Func<int, int> copy = Travel.Copy<Func<int, int>>(x => x + 1);

        Assert.Equal(3, copy(2));
    }

    [Fact]
    public void Copy_CapturedLocals_KeepTheirValues()
    {
        var (number, text, when) = (7, "seven", new DateTime(2024, 2, 29, 1, 2, 3, DateTimeKind.Utc));

        var copy = Travel.Copy<Func<string, string>>(x => string.Create(CultureInfo.InvariantCulture, $"{x} {number} {text} {when:O}"));

        Assert.Equal("is 7 seven 2024-02-29T01:02:03.0000000Z", copy("is"));
    }

    [Fact]
    public void Copy_CapturedLocal_IsACopy()
    {
        var counts = new int[1];
        var copy = Travel.Copy<Func<int>>(() => ++counts[0]);

        Assert.Equal(1, copy());
        Assert.Equal(2, copy());

        Assert.Equal(0, counts[0]);
    }

    [Fact]
    public void Copy_CapturedThis_TravelsWithItsFields()
    {
        var copy = Travel.Copy<Func<int, int>>(x => x + _offset);

        Assert.Equal(42, copy(2));
    }

    [Fact]
    public void Copy_NestedScopes_FollowTheChain()
    {
        var a = 1;
        var result = new List<Func<int, int>>();
        for (var i = 0; i < 2; i++)
        {
            var b = 10 * (i + 1);
            result.Add(x => x + a + b + _offset);
        }

        var copies = Travel.Copy(result);

        Assert.Equal(51, copies[0](0));
        Assert.Equal(61, copies[1](0));
    }

    [Fact]
    public void Copy_StaticMethodGroup_Runs() => Assert.Equal(9, Travel.Copy<Func<int, int>>(Square)(3));

    [Fact]
    public void Copy_InstanceMethodGroup_BringsItsObject() => Assert.Equal(43, Travel.Copy<Func<int, int>>(AddOffset)(3));

    [Fact]
    public void Copy_VirtualMethodGroup_RunsTheOverride()
    {
        IRule rule = new Tripling();

        Assert.Equal(9, Travel.Copy<Func<int, int>>(rule.Apply)(3));
    }

    [Fact]
    public void Copy_ExtensionMethodGroup_IsBoundToItsFirstArgument() => Assert.Equal("ab!", Travel.Copy<Func<string, string>>("a".Followed)("b"));

    [Fact]
    public void Copy_FrameworkMethodGroups_Run()
    {
        Assert.Equal(12, Travel.Copy<Func<string, int>>(int.Parse)("12"));
        Assert.True(Travel.Copy<Func<string?, bool>>(string.IsNullOrEmpty)(""));
        Assert.Equal(3, Travel.Copy<Func<string, int>>("abcd".IndexOf)("d"));
        Assert.True(Travel.Copy<Func<string, bool>>(new HashSet<string> { "x" }.Contains)("x"));
        Assert.Equal([1, 2], Travel.Copy<Func<IEnumerable<int>, List<int>>>(Enumerable.ToList)([1, 2]));
    }

    [Fact]
    public void Copy_OpenInstanceMethod_StaysOpen()
    {
        var trim = typeof(string).GetMethod(nameof(string.Trim), Type.EmptyTypes)!.CreateDelegate<Func<string, string>>();

        Assert.Equal("x", Travel.Copy(trim)(" x "));
    }

    [Fact]
    public void Copy_LocalFunctions_Run()
    {
        var factor = 5;

        Assert.Equal(15, Travel.Copy<Func<int, int>>(Local)(3));
        Assert.Equal(120, Travel.Copy<Func<int, int>>(Factorial)(5));

        int Local(int x) => Nested(x) * factor;
        int Nested(int x) => x;
        static int Factorial(int n) => n < 2 ? 1 : n * Factorial(n - 1);
    }

    [Fact]
    public void Copy_RecursiveLambda_CallsItsCopy()
    {
        Func<int, int>? fibonacci = null;
        fibonacci = n => n < 2 ? n : fibonacci!(n - 1) + fibonacci(n - 2);

        var copy = Travel.Copy(fibonacci);
        fibonacci = null;

        Assert.Equal(55, copy(10));
    }

    [Fact]
    public void Copy_NestedLambdas_Run()
    {
        var (a, b) = (2, 3);
        Func<int, Func<int, int>> curried = x => y => (x * a) + (y * b);

        Assert.Equal(26, Travel.Copy(curried)(4)(6));
    }

    [Fact]
    public void Copy_ReturnedLambda_TravelsOn()
    {
        var a = 2;
        Func<int, Func<int, int>> curried = x => y => x + y + a;

        Assert.Equal(9, Travel.Copy(Travel.Copy(curried)(3))(4));
    }

    [Fact]
    public void Copy_GenericMethods_KeepTheirTypeArguments()
    {
        Assert.Equal("Int32 String 5", Travel.Copy(Describe<int, string>(5))());
        Assert.Equal("String Int32 x", Travel.Copy(Describe<string, int>("x"))());
        Assert.Equal("7", Travel.Copy<Func<int, string>>(Generic<int>.Text)(7));
        Assert.Equal("Int32", Travel.Copy<Func<string>>(Generic<int>.Nested<string>.Outer)());
    }

    [Fact]
    public void Copy_MulticastDelegate_CallsAllInOrder()
    {
        var log = new List<string>();
        Action<string> both = text => log.Add("first " + text);
        both += text => log.Add("second " + text);

        var copy = Travel.Copy(new Two(both, log));
        copy.Action("x");

        Assert.Equal(["first x", "second x"], copy.Log);
        Assert.Empty(log);
    }

    [Fact]
    public void Copy_CustomDelegateType_IsKept()
    {
        Converter<int, string> convert = x => x.ToString(CultureInfo.InvariantCulture);

        Assert.Equal("4", Travel.Copy(convert)(4));
    }

    [Fact]
    public void Copy_IteratorsAndAsyncInLambdas_Run()
    {
        var factor = 3;

        Assert.Equal([3, 6], Travel.Copy<Func<int, IEnumerable<int>>>(Multiples)(2));
        Assert.Equal([41, 42], Travel.Copy<Func<int, IEnumerable<int>>>(Offsets)(2));

        IEnumerable<int> Multiples(int count)
        {
            for (var i = 1; i <= count; i++)
            {
                yield return i * factor;
            }
        }
    }

    [Fact]
    public async Task Copy_AsyncLambda_Runs()
    {
        var factor = 3;
        Func<int, Task<int>> slow = async x =>
        {
            await Task.Yield();
            return (x * factor) + _offset;
        };

        Assert.Equal(46, await Travel.Copy(slow)(2));
    }

    [Fact]
    public void Copy_LazySequence_IsComputedOnTheOtherSide()
    {
        int[] numbers = [1, 2, 3, 4];
        var limit = 2;
        var query = numbers.Where(x => x > limit).Select(x => x * 10);

        Assert.Equal([30, 40], Travel.Copy<Func<List<int>>>(() => query.ToList())());
    }

    [Fact]
    public void Copy_ThousandComposedFunctions_Runs()
    {
        Func<int, int> composed = x => x;
        for (var i = 0; i < 1_000; i++)
        {
            var inner = composed;
            composed = x => inner(x) + 1;
        }

        Assert.Equal(1_000, Travel.Copy(composed)(0));
    }

    [Fact]
    public void Copy_DelegateBoundToDelegates_KeepsTheOrder()
    {
        Func<int, int> chain = Square;
        for (var i = 0; i < 50; i++)
        {
            chain = chain.Then;
        }

        Assert.Equal(4 + 50, Travel.Copy(chain)(2));
    }

    private static int Square(int x) => x * x;

    private int AddOffset(int x) => x + _offset;

    private IEnumerable<int> Offsets(int count)
    {
        for (var i = 1; i <= count; i++)
        {
            yield return _offset + i;
        }
    }

    private static Func<string> Describe<T, TOther>(T value) => () => $"{typeof(T).Name} {typeof(TOther).Name} {value}";

    private sealed record Two(Action<string> Action, List<string> Log);

    private sealed class Tripling : IRule
    {
        public int Apply(int value) => value * 3;
    }

    private static class Generic<T>
    {
        public static string Text(T value) => value!.ToString()!;

        public static class Nested<TInner>
        {
            public static string Outer() => typeof(T).Name;
        }
    }
}

internal static class DelegateExtensions
{
    public static string Followed(this string text, string next) => text + next + "!";

    public static int Then(this Func<int, int> function, int value) => function(value) + 1;
}
